/** The checker of the crash test must find what it is there to find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFaults, type Stored } from './ledger.ts'

const PARTITIONS = 2
const sound: Stored[] = [0, 1, 2, 3, 4, 5].map((number) => ({
  partition: number % PARTITIONS,
  offset: Math.floor(number / PARTITIONS),
  number
}))
const faultsOf = (stored: readonly Stored[]) => findFaults(stored, sound, sound.length, PARTITIONS)

test('a log that keeps every promise has no fault', () => {
  assert.deepEqual(faultsOf(sound), [])
})

test('a lost record is found, in the middle and at the end', () => {
  assert.match(faultsOf(renumbered(sound.filter(({ number }) => number !== 2))).join(), /2 is lost/)
  assert.match(faultsOf(sound.slice(0, -1)).join(), /5 and what follows is lost at the end/)
})

test('a doubled record is found', () => {
  assert.match(faultsOf(renumbered([...sound.slice(0, 3), ...sound.slice(2)])).join(), /2 is doubled or out of order/)
})

test('two records that changed places are found', () => {
  const [first, second, third, ...rest] = sound
  assert.ok(first && second && third)
  assert.match(faultsOf(renumbered([third, second, first, ...rest])).join(), /out of order/)
})

test('a record that is not where it was acknowledged is found', () => {
  const acknowledged = [{ partition: 0, offset: 2, number: 2 }]
  assert.match(
    findFaults(sound, acknowledged, sound.length, PARTITIONS).join(),
    /2 was acknowledged at 0@2, where 4 is/
  )
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
