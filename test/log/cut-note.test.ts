/** What a start cuts off may have been acknowledged: where others have copies, the log says that it was cut, whatever ends the start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import { append, batchOf, directory, type Opening, open } from './setup.ts'

const log = `${directory}/00000000000000000000.log`
const copies = 'several' as const

/** Two batches that were synced, the first of them below the recovery point; a bit has flipped in the other. */
async function rotten(): Promise<{ disk: SimulatedDisk; recoveryPoint: number }> {
  const disk = new SimulatedDisk()
  const before = open({ disk, copies, history: 'new' })
  for (const value of ['a', 'b']) append(before, batchOf([value]))
  await before.durable(2)
  disk.flipBit(log, (disk.sizeOf(log) ?? 0) - 1, 0)
  return { disk, recoveryPoint: 1 }
}

const endOf = (opening: Opening): number => open({ ...opening, copies: 'one' }).logEndOffset

test('a log that was cut says so to each start, until the others were asked', async () => {
  const opening = { ...(await rotten()), copies }
  const first = open(opening)
  assert.deepEqual([first.wasCut, first.logEndOffset], [true, 1])
  first.abandon()
  const second = open(opening)
  assert.equal(second.wasCut, true)
  await second.close()
  const third = open({ ...opening, shutdown: 'clean' })
  assert.equal(third.wasCut, true)
  third.forgetCut()
  assert.equal(third.wasCut, false)
  third.abandon()
  assert.equal(open({ ...opening, shutdown: 'clean' }).wasCut, false)
})

test('a log that is whole says nothing, nor does one that nobody else has', async () => {
  const { disk, recoveryPoint } = await rotten()
  assert.equal(open({ disk, recoveryPoint }).wasCut, false)
  assert.equal(open({ disk, recoveryPoint, copies }).wasCut, false)
})

test('a log that is made anew where one had been says that it was cut, where others have copies: nobody knows what it held', () => {
  const isCut = (opening: Opening): boolean => open({ disk: new SimulatedDisk(), ...opening }).wasCut
  assert.deepEqual(
    [isCut({ copies }), isCut({ copies: 'one' }), isCut({ copies, history: 'new' })],
    [true, false, false]
  )
})

test('whenever the power is cut, what is cut off is cut off by a start that says so', async () => {
  const { disk: below, recoveryPoint } = await rotten()
  const disk = new RefusingDisk(below, null)
  const cuts: SimulatedDisk[] = []
  disk.onCall = () => {
    for (let seed = 0; seed < 5; seed++) cuts.push(below.powerCut(new SeededChance(cuts.length)))
  }
  const opened = open({ disk, recoveryPoint, copies })
  await opened.durable(opened.logEndOffset)
  append(opened, batchOf(['c']))
  await opened.durable(2)
  assert.ok(cuts.length > 20, `${cuts.length}`)
  for (const [index, cut] of cuts.entries()) {
    const after = open({ disk: cut, recoveryPoint, copies })
    assert.equal(after.wasCut, true, `cut ${index}, which leaves ${endOf({ disk: cut, recoveryPoint })}`)
  }
})
