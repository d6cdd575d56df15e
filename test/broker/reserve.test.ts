/** Room that is kept for making room: made as far as there is any, given up on a full disk only, and made again at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataDirectory } from '../../src/broker/data-directory.ts'
import { giveUpReserveAt, Reserve } from '../../src/broker/reserve.ts'
import { DiskError, type DiskProblem } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { startBroker } from './apis/setup.ts'

const file = '.reserve'

function reserveOn(disk: SimulatedDisk): Reserve {
  const reserve = new Reserve(disk, new SeededChance(1))
  reserve.keep()
  return reserve
}

/** Meets the problem the first time; tells how often it was tried, and whether the reserve was there. */
function refusedOnce(disk: SimulatedDisk, problem: DiskProblem): { work: () => string; tries: boolean[] } {
  const tries: boolean[] = []
  const work = (): string => {
    tries.push(disk.exists(file))
    if (tries.length === 1) throw new DiskError(problem, '', problem)
    return 'done'
  }
  return { work, tries }
}

test('what meets a full disk is done again with the room of the reserve, which is made again', () => {
  const disk = new SimulatedDisk()
  const reserve = reserveOn(disk)
  assert.equal(disk.sizeOf(file), limits.reserveBytes)
  const { work, tries } = refusedOnce(disk, 'full')
  assert.equal(reserve.spend(work), 'done')
  assert.deepEqual(tries, [true, false])
  assert.equal(disk.sizeOf(file), limits.reserveBytes)
})

test('what more room does not help costs no reserve, and is not done again', () => {
  const disk = new SimulatedDisk()
  const reserve = reserveOn(disk)
  const { work, tries } = refusedOnce(disk, 'failed')
  assert.throws(() => reserve.spend(work), { problem: 'failed' })
  assert.deepEqual(tries, [true])
  assert.ok(disk.exists(file))
})

test('without a reserve a full disk is told at once', () => {
  const disk = new SimulatedDisk()
  const { work, tries } = refusedOnce(disk, 'full')
  assert.throws(() => new Reserve(disk, new SeededChance(1)).spend(work), { problem: 'full' })
  assert.deepEqual(tries, [false])
  assert.equal(giveUpReserveAt(new DiskError('full', '', ''), disk), false)
})

test('a reserve that there is no room for is made as large as possible, and whole when there is room', () => {
  const disk = new SimulatedDisk()
  disk.freeBytes = 100_000
  const reserve = reserveOn(disk)
  const kept = disk.sizeOf(file) ?? 0
  assert.ok(kept > 100_000 - 4096 && kept <= 100_000, `${kept} of 100000 bytes`)
  disk.freeBytes = Infinity
  reserve.keep()
  assert.equal(disk.sizeOf(file), limits.reserveBytes)
})

test('a directory whose disk has no room for the lock is taken with the room of the reserve', () => {
  const disk = new SimulatedDisk()
  reserveOn(disk)
  const lock = disk.lock.bind(disk)
  disk.lock = () => {
    if (disk.exists(file)) throw new DiskError('full', '', 'no room for the lock')
    return lock()
  }
  DataDirectory.take(disk)()
  assert.ok(!disk.exists(file))
})

test('a broker keeps a reserve while it runs and when it has stopped; one in memory has none', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  assert.equal(disk.sizeOf(file), limits.reserveBytes)
  await broker.stop()
  assert.equal(disk.sizeOf(file), limits.reserveBytes)
  const memory = new MemoryDisk()
  await (await startBroker({}, memory)).stop()
  assert.equal(memory.sizeOf(file), null)
})
