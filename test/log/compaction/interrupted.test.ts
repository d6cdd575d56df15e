/** A log that is being compacted is closed, deleted, cut, trimmed or changed: that comes first, and the log is whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { directory } from '../setup.ts'
import { compacting, driven, Run, readAll, request } from './modelled-compaction.ts'

const interruptions = {
  close: (run: Run) => run.log.close(),
  abandon: async (run: Run) => run.log.abandon(),
  deletion: async (run: Run) => void run.log.setAside(),
  truncation: (run: Run) => run.log.truncateTo(25, async () => {}),
  'beginning anew': (run: Run) => run.log.startAt(100, async () => {}),
  trimming: (run: Run) => run.log.deleteRecordsBefore(30),
  'another policy': async (run: Run) => run.log.updateConfig({ ...run.log.config, cleanupCompact: false })
} as const

async function scene(): Promise<{ run: Run; disk: RefusingDisk; simulated: SimulatedDisk }> {
  const simulated = new SimulatedDisk()
  const disk = new RefusingDisk(simulated, null)
  const run = new Run(disk, { segmentBytes: 600 })
  for (let round = 0; round < 40; round++) {
    run.append({ producerId: 0, records: [{ key: `k${round % 4}`, value: `value ${round} ${'x'.repeat(60)}` }] })
  }
  await run.log.durable(run.log.logEndOffset)
  await setImmediate()
  return { run, disk, simulated }
}

for (const [what, interrupt] of Object.entries(interruptions)) {
  test(`${what}, at whatever time of a compaction, comes first`, async () => {
    for (let turns = 0; turns < 60; turns++) {
      const { run, disk, simulated } = await scene()
      const dirt = run.log.dirt(null, run.log.lastStableOffset)
      assert.ok(dirt !== null)
      const compaction = run.log.compact({ ...request, dirt })
      for (let turn = 0; turn < turns; turn++) {
        if (turn % 2 === 0) run.clock.advance(0)
        else await setImmediate()
      }
      await driven(run.clock, interrupt(run))
      await driven(run.clock, compaction)
      assertWhole(run, what, turns)
      run.log.abandon()
      assert.equal(disk.openFiles, 0, `${turns} turns`)
      if (what === 'deletion') assert.ok(!simulated.exists(directory))
    }
  })
}

/** What is left are records that were written, at their offsets; of each key the last one that was not cut off. */
function assertWhole(run: Run, what: string, turns: number): void {
  if (what === 'close' || what === 'abandon' || what === 'deletion') return
  const { logStartOffset, logEndOffset } = run.log
  const known = run.written.filter(({ offset }) => offset >= logStartOffset && offset < logEndOffset)
  const found = readAll(run.log).filter(({ offset }) => offset >= logStartOffset)
  for (const { offset, value } of found) assert.equal(value, known.find((record) => record.offset === offset)?.value)
  const last = new Map(known.map((record) => [record.key, record.offset]))
  for (const offset of last.values()) {
    // What followed the record that took its place may be what was cut off.
    if (what === 'truncation') continue
    assert.ok(
      found.some((record) => record.offset === offset),
      `${what} after ${turns} turns: offset ${offset}`
    )
  }
  if (what === 'beginning anew') assert.deepEqual([logStartOffset, logEndOffset], [100, 100])
}

test('what readers have open goes on while a log is compacted', async () => {
  const { run } = await scene()
  const dirt = run.log.dirt(null, run.log.lastStableOffset)
  assert.ok(dirt !== null)
  const compaction = run.log.compact({ ...request, dirt })
  let isOver = false
  void compaction.then(() => {
    isOver = true
  })
  for (let next = 0; !isOver; ) {
    const read = run.log.read(next, { maxBytes: 200, upTo: run.log.logEndOffset, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    assert.ok(read.nextOffset > next || next === run.log.logEndOffset)
    next = read.nextOffset === run.log.logEndOffset ? 0 : read.nextOffset
    run.append({ producerId: 0, records: [{ key: 'k0', value: `while ${next}` }] })
    run.clock.advance(0)
    await setImmediate()
  }
  assert.ok((await compaction) !== null)
  assert.ok(compacting.cleanupCompact)
})

test('a rate is kept, and one that is held back is stopped soon', async () => {
  const { run } = await scene()
  const dirt = run.log.dirt(null, run.log.lastStableOffset)
  assert.ok(dirt !== null)
  const compaction = run.log.compact({ ...request, dirt, bytesPerSecond: () => 1000 })
  let isOver = false
  void compaction.then(() => {
    isOver = true
  })
  const beganMs = run.clock.monotonicMs()
  while (!isOver) {
    run.clock.advance(10)
    await setImmediate()
  }
  const compacted = await compaction
  assert.ok(compacted !== null)
  // Read twice, and written once.
  const wantedMs = 2 * compacted.bytesBefore + compacted.bytesAfter
  const tookMs = run.clock.monotonicMs() - beganMs
  assert.ok(tookMs > wantedMs * 0.7 && tookMs < wantedMs * 1.3, `${tookMs} ms, and ${wantedMs} are due`)
})

test('what comes behind a cut is not clean, however far a compaction had come before', async () => {
  const { run } = await scene()
  await run.compactAndCheck()
  const cleanedUpTo = run.cleanedUpTo ?? 0
  assert.ok(cleanedUpTo > 25)
  await run.log.truncateTo(25, async () => {})
  for (let round = 0; round < 40; round++)
    run.append({ producerId: 0, records: [{ key: 'k0', value: `behind the cut ${round} ${'x'.repeat(60)}` }] })
  await run.log.durable(run.log.logEndOffset)
  await setImmediate()
  const dirt = run.log.dirt(cleanedUpTo, run.log.lastStableOffset)
  assert.ok(dirt !== null && dirt.firstDirtyOffset <= 25, String(dirt?.firstDirtyOffset))
})
