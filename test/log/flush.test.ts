/** When a log is synced although nobody waits for it, because its topic asks for that; and when its segments end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import type { Durability, LogConfig } from '../../src/log/types.ts'
import { append, batchOf, directory, open, startMs } from './setup.ts'

async function setUp(config: Partial<LogConfig>, durability: Durability = 'os') {
  const disk = new SimulatedDisk()
  const clock = new ManualClock()
  const log = open({ disk, clock, durability, config: { segmentBytes: 1_000_000, ...config } })
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds)
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  await pass(0)
  return { log, disk, pass, synced: () => log.recoveryPoint }
}

test('flush.messages: so many records are synced, also where the operating system is trusted with them', async () => {
  const { log, pass, synced } = await setUp({ flushMessages: 3 })
  append(log, batchOf(['a', 'b']))
  await pass(10 * limits.unsyncedMs)
  assert.equal(synced(), 0)
  append(log, batchOf(['c']))
  await pass(0)
  assert.equal(synced(), 3)
  append(log, batchOf(['d']))
  await pass(0)
  assert.equal(synced(), 3)
})

test('flush.ms: after so long all is synced, where the operating system is trusted and where it is not', async () => {
  for (const durability of ['os', 'disk'] as const) {
    const { log, pass, synced } = await setUp({ flushMs: 200 }, durability)
    append(log, batchOf(['a']))
    await pass(199)
    assert.equal(synced(), 0, durability)
    append(log, batchOf(['b']))
    await pass(1)
    assert.equal(synced(), 2, durability)
  }
})

test('without either nothing is synced that is left to the operating system', async () => {
  const { log, pass, synced } = await setUp({})
  for (let index = 0; index < 100; index++) append(log, batchOf(['a']))
  await pass(100 * limits.unsyncedMs)
  assert.equal(synced(), 0)
})

/** How old a segment became before the next one began. */
function ageOf(name: string, config: Partial<LogConfig>): number {
  const disk = new SimulatedDisk()
  const log = open({ disk, directory: name, config: { segmentBytes: 1_000_000, segmentMs: 1000, ...config } })
  append(log, batchOf(['a'], {}, startMs))
  for (let ageMs = 1; ; ageMs++) {
    append(log, batchOf(['b'], {}, startMs + ageMs))
    if (disk.list(name).filter((file) => file.endsWith('.log')).length > 1) return ageMs
  }
}

test('segment.jitter.ms: segments of different logs end at different times, none later than without it', () => {
  assert.equal(ageOf('orders-0', {}), 1001)
  const ages = Array.from({ length: 8 }, (_, partition) => ageOf(`orders-${partition}`, { segmentJitterMs: 400 }))
  assert.ok(
    ages.every((ageMs) => ageMs > 600 && ageMs <= 1001),
    `${ages}`
  )
  assert.ok(new Set(ages).size > 5, `${ages}`)
  assert.equal(ageOf('orders-3', { segmentJitterMs: 400 }), ages[3])
})

test('segment.index.bytes: a segment ends when its index is full', () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, config: { segmentBytes: 1_000_000, indexIntervalBytes: 0, segmentIndexBytes: 48 } })
  for (let index = 0; index < 20; index++) append(log, batchOf(['a'], {}, startMs + index))
  const segments = disk.list(directory).filter((name) => name.endsWith('.log'))
  // Four entries of 12 bytes are room for the times of five batches, the first of which needs none.
  assert.ok(segments.length >= 4 && segments.length <= 7, `${segments}`)
  log.close()
})
