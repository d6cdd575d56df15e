/** Producer ids are given out once, over the borders of their blocks and over a crash. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { startBroker } from './apis/setup.ts'

test('no producer id is given out twice, however many are asked for at once, and not after a power cut either', async () => {
  const disk = new SimulatedDisk()
  const before = await startBroker({}, disk)
  const asked = Array.from({ length: 2 * limits.producerIdBlock + 1 }, () => before.producerIds.next())
  const given = new Set(await Promise.all(asked))
  assert.equal(given.size, asked.length)
  const after = await startBroker({}, disk.powerCut(new SeededChance(1)))
  assert.ok(!given.has(await after.producerIds.next()))
  await after.stop()
})

test('a new cluster gives none of the ids that the one before at its address gave', async () => {
  const given = new Set<number>()
  for (const seed of [1, 2, 3, 4]) {
    const broker = await startBroker({}, new SimulatedDisk(), { chance: new SeededChance(seed) })
    const id = await broker.producerIds.next()
    assert.ok(Number.isSafeInteger(id) && id > 0, String(id))
    given.add(id)
    await broker.stop()
  }
  assert.equal(given.size, 4)
})
