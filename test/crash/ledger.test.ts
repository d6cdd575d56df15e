/** The checker of the crash test must find what it is there to find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFaults, findMisreads, type Stored } from './ledger.ts'

const PARTITIONS = 2
const sound: Stored[] = [0, 1, 2, 3, 4, 5].map((number) => ({
  partition: number % PARTITIONS,
  offset: Math.floor(number / PARTITIONS),
  number
}))
const faultsOf = (stored: readonly Stored[]) => findFaults(stored, sound, sound.length)

test('a log that keeps every promise has no fault', () => {
  assert.deepEqual(faultsOf(sound), [])
  assert.deepEqual(findMisreads(sound, sound), [])
})

test('a lost record is found, in the middle and at the end', () => {
  assert.match(faultsOf(renumbered(sound.filter(({ number }) => number !== 2))).join(), /2 is lost/)
  assert.match(faultsOf(sound.slice(0, -1)).join(), /5 is lost/)
})

test('a doubled record is found, also in another partition', () => {
  assert.match(faultsOf(renumbered([...sound.slice(0, 3), ...sound.slice(2)])).join(), /2 is doubled or out of order/)
  assert.match(faultsOf([...sound, { partition: 2, offset: 0, number: 3 }]).join(), /3 is there 2 times/)
})

test('a record that nobody wrote is found', () => {
  assert.match(findFaults(sound, [], sound.length - 1).join(), /5 is there, and nobody wrote it/)
})

test('two records that changed places are found', () => {
  const [first, second, third, ...rest] = sound
  assert.ok(first && second && third)
  assert.match(faultsOf(renumbered([third, second, first, ...rest])).join(), /out of order/)
})

test('an offset that is left out is found', () => {
  const moved = sound.map((record) => (record.number === 4 ? { ...record, offset: 3 } : record))
  assert.match(faultsOf(moved).join(), /partition 0: offset 3 where 2 should be/)
})

test('a record that is not where it was acknowledged, or read, is found', () => {
  const elsewhere = [{ partition: 0, offset: 2, number: 2 }]
  assert.match(findFaults(sound, elsewhere, sound.length).join(), /2 was acknowledged at 0@2, where 4 is/)
  assert.match(findMisreads(sound, elsewhere).join(), /2 was read at 0@2, where 4 is/)
})

/** The same records with offsets that run on in each partition. */
function renumbered(records: readonly Stored[]): Stored[] {
  const next = new Map<number, number>()
  return records.map((record) => {
    const offset = next.get(record.partition) ?? 0
    next.set(record.partition, offset + 1)
    return { ...record, offset }
  })
}
