/**
 * A follower's log is cut back, or begins anew. Whatever a crash comes between, the log that a start finds is whole: it is compared
 * with one that was only ever given the batches that it has.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { patchPlace, readBatchHeader } from '../../src/protocol/records/batch.ts'
import { endTransactionMarker } from '../../src/protocol/records/control-records.ts'
import { append, batchOf, directory, type Opening, open, recordsFrom, startMs } from './setup.ts'

const opening: Opening = {
  leaderEpoch: 9,
  config: { segmentBytes: 700, indexIntervalBytes: 100 },
  checkpointBytes: 250
}

/** Two producers with transactions, one without, in three epochs; two records in most batches. */
function leaderBatches(): Buffer[] {
  const batches: Buffer[] = []
  let offset = 0
  const add = (batch: Buffer, epoch: number): void => {
    patchPlace(batch, 0, offset, epoch)
    offset += readBatchHeader(batch).lastOffsetDelta + 1
    batches.push(batch)
  }
  for (let index = 0; index < 18; index++) {
    const epoch = [0, 2, 5][Math.floor(index / 6)] ?? 0
    const producerId = 10 + (index % 3)
    const producer = { producerId, producerEpoch: 0, baseSequence: Math.floor(index / 3) * 2 }
    add(
      batchOf([`value ${index}`, 'and more'], { ...producer, isTransactional: index % 3 < 2 }, startMs + index),
      epoch
    )
    if (index % 5 !== 4) continue
    const outcome = index % 2 === 0 ? 'abort' : 'commit'
    const end = {
      producerId: 10 + (index % 2),
      producerEpoch: 0,
      coordinatorEpoch: 3,
      outcome,
      timestampMs: startMs
    } as const
    add(endTransactionMarker(end), epoch)
  }
  return batches
}

const batches = leaderBatches()
const ends = batches.map((batch) => readBatchHeader(batch).baseOffset + readBatchHeader(batch).lastOffsetDelta + 1)
const endOffset = ends.at(-1) ?? 0

/** All that a log knows. */
function told(log: PartitionLog) {
  const { logStartOffset, logEndOffset, lastStableOffset, latestEpoch } = log
  return {
    ...{ logStartOffset, logEndOffset, lastStableOffset, latestEpoch },
    records: recordsFrom(log),
    epochs: [0, 1, 2, 3, 4, 5, 6].map((epoch) => log.endOffsetForEpoch(epoch)),
    producers: log.activeProducers().sort((one, other) => one.producerId - other.producerId),
    aborted: log.abortedTransactions(logStartOffset, { chunks: [], nextOffset: logEndOffset }),
    newest: log.maxTimestamp(),
    found: log.offsetForTimestamp(startMs + 9)
  }
}

/** What a log knows that never had more than the batches that end up to there. */
function wanted(upTo: number): ReturnType<typeof told> {
  const log = open({ ...opening, history: 'new' })
  log.appendAsFollower(batches.filter((_, index) => (ends[index] ?? Infinity) <= upTo))
  return told(log)
}

/** The end of the last whole batch up to there. */
const wholeEnd = (offset: number): number => ends.findLast((end) => end <= offset) ?? 0

interface Scene {
  readonly simulated: SimulatedDisk
  readonly disk: RefusingDisk
  readonly log: PartitionLog
  /** What the checkpoint says that the broker writes. */
  recoveryPoint: number
  readonly syncedEnd: number
}

/** A follower that has taken all batches, one by one; some are synced, and the recovery point is written down. */
async function follower(syncedCount: number): Promise<Scene> {
  const simulated = new SimulatedDisk()
  const disk = new RefusingDisk(simulated, null)
  const log = open({ ...opening, disk, history: 'new' })
  for (const [index, batch] of batches.entries()) {
    if (index === syncedCount) await log.durable(log.logEndOffset)
    log.appendAsFollower([batch])
  }
  if (syncedCount === batches.length) await log.durable(endOffset)
  const scene = { simulated, disk, log, recoveryPoint: log.recoveryPoint, syncedEnd: ends[syncedCount - 1] ?? 0 }
  return scene
}

const writeDown = (scene: Scene) => async () => {
  await Promise.resolve()
  scene.recoveryPoint = scene.log.recoveryPoint
}

const after = (disk: SimulatedDisk, recoveryPoint: number): PartitionLog => open({ ...opening, disk, recoveryPoint })

/** The log goes on from here: what is appended is there after a power cut, and nothing that was cut off. */
async function goOn(log: PartitionLog, disk: SimulatedDisk, seed: number): Promise<void> {
  const before = told(log).records
  const batch = batchOf(['goes on'])
  patchPlace(batch, 0, log.logEndOffset, 8)
  log.appendAsFollower([batch])
  await log.durable(log.logEndOffset)
  const { recoveryPoint } = log
  log.abandon()
  const again = after(disk.powerCut(new SeededChance(seed)), recoveryPoint)
  const values = recordsFrom(again).map(({ value }) => String(value))
  assert.deepEqual(values, [...before.map(({ value }) => String(value)), 'goes on'])
  assert.equal(again.latestEpoch, 8)
  again.abandon()
}

test('a log that was cut back is as if it had never had more, and goes on', async () => {
  for (let offset = 0; offset <= endOffset; offset++) {
    for (const syncedCount of [0, 12, batches.length]) {
      const scene = await follower(syncedCount)
      const { log, simulated } = scene
      await log.truncateTo(offset, writeDown(scene))
      const end = wholeEnd(offset)
      assert.deepEqual(told(log), wanted(end), `cut to ${offset}`)
      assert.equal(log.syncedEndOffset, end)
      assert.ok(log.recoveryPoint <= end)
      assert.ok(!simulated.list(directory).some((name) => name.endsWith('.deleted')))
      const again = after(simulated.powerCut(new SeededChance(offset)), scene.recoveryPoint)
      assert.deepEqual(told(again), wanted(end), `cut to ${offset}, after a power cut`)
      again.abandon()
      await goOn(log, simulated, offset)
    }
  }
})

test('a log that was cut back and closed is as it was then', async () => {
  for (let offset = 0; offset <= endOffset; offset += 3) {
    const scene = await follower(12)
    await scene.log.truncateTo(offset, writeDown(scene))
    await scene.log.close()
    const cut = scene.simulated.powerCut(new SeededChance(offset))
    const lines: string[] = []
    const report = (line: string): void => void lines.push(line)
    const again = open({ ...opening, disk: cut, shutdown: 'clean', recoveryPoint: scene.log.recoveryPoint, report })
    assert.deepEqual(told(again), wanted(wholeEnd(offset)))
    assert.deepEqual(lines, [])
  }
})

test('a log that begins anew has nothing of before, also where it begins earlier, and goes on', async () => {
  for (const offset of [0, 1, 7, endOffset - 1, endOffset, endOffset + 1, 1000]) {
    for (const syncedCount of [0, 12, batches.length]) {
      const scene = await follower(syncedCount)
      const { log, simulated } = scene
      await log.startAt(offset, writeDown(scene))
      const empty = { ...wanted(0), logStartOffset: offset, logEndOffset: offset, lastStableOffset: offset }
      assert.deepEqual(told(log), empty)
      assert.equal(log.syncedEndOffset, offset)
      const again = after(simulated.powerCut(new SeededChance(offset)), scene.recoveryPoint)
      assert.deepEqual(told(again), empty)
      again.abandon()
      await goOn(log, simulated, offset)
    }
  }
})

test('an offset before the log is where it begins anew', async () => {
  const scene = await follower(batches.length)
  await scene.log.startAt(100, writeDown(scene))
  await scene.log.truncateTo(40, writeDown(scene))
  assert.deepEqual([scene.log.logStartOffset, scene.log.logEndOffset], [40, 40])
})

for (const [kind, offset] of [
  ['truncateTo', 3],
  ['truncateTo', 17],
  ['truncateTo', endOffset - 1],
  ['startAt', 5],
  ['startAt', 1000]
] as const) {
  /** Before the cut, after it, or less of the end than before; never damaged, and what was to stay and was synced is there. */
  const check = async (disk: SimulatedDisk, recoveryPoint: number, syncedEnd: number, what: string): Promise<void> => {
    const log = after(disk, recoveryPoint)
    const { logStartOffset, logEndOffset } = log
    // Where a power cut took the first record of an epoch, the epoch may be there: whoever follows cuts there.
    if (logEndOffset > logStartOffset || logEndOffset === 0) await log.truncateTo(logEndOffset, async () => {})
    if (kind === 'startAt' && logStartOffset === offset) {
      const empty = { ...wanted(0), logStartOffset: offset, logEndOffset: offset, lastStableOffset: offset }
      assert.deepEqual(told(log), empty, what)
    } else {
      assert.deepEqual(told(log), wanted(logEndOffset), what)
      if (kind === 'truncateTo') assert.ok(logEndOffset >= Math.min(wholeEnd(offset), syncedEnd), what)
    }
    log.abandon()
  }

  test(`a power cut at any step of ${kind} ${offset} leaves a whole log`, async () => {
    for (const syncedCount of [0, 12, batches.length]) {
      const scene = await follower(syncedCount)
      const cuts: { disk: SimulatedDisk; recoveryPoint: number }[] = []
      scene.disk.onCall = () => {
        for (let seed = 0; seed < 2; seed++) {
          const disk = scene.simulated.powerCut(new SeededChance(cuts.length))
          cuts.push({ disk, recoveryPoint: scene.recoveryPoint })
        }
      }
      await scene.log[kind](offset, writeDown(scene))
      assert.ok(cuts.length > 20)
      for (const [index, { disk, recoveryPoint }] of cuts.entries()) {
        await check(disk, recoveryPoint, scene.syncedEnd, `power cut ${index}, ${syncedCount} synced`)
      }
    }
  })

  test(`a kill at any step of ${kind} ${offset} leaves a whole log, which can be cut again`, async () => {
    for (let last = 1, isOver = false; !isOver; last++) {
      const scene = await follower(12)
      let step = 0
      scene.disk.onCall = () => {
        step += 1
        if (step === last) scene.disk.kill()
      }
      const done = scene.log[kind](offset, writeDown(scene))
      isOver = await done.then(
        () => step < last,
        () => false
      )
      scene.log.abandon()
      await check(scene.simulated, scene.recoveryPoint, scene.syncedEnd, `step ${last}`)
      const again = { ...scene, log: after(scene.simulated, scene.recoveryPoint) }
      await again.log[kind](offset, writeDown(again))
      const end = kind === 'startAt' ? offset : Math.min(wholeEnd(offset), again.log.logEndOffset)
      assert.equal(again.log.logEndOffset, end)
      await goOn(again.log, scene.simulated, last)
    }
  })

  test(`a disk that refuses any step of ${kind} ${offset} leaves a log that a start finds whole`, async () => {
    for (const problem of ['failed', 'too-many-files', 'full'] as const) {
      for (let call = 1, isOver = false; !isOver; call++) {
        const scene = await follower(12)
        scene.disk.refuse({ problem, call, lasts: 'once' })
        await scene.log[kind](offset, writeDown(scene)).catch((error) => assert.equal(error.name, 'DiskError'))
        isOver = scene.disk.calls < call
        scene.disk.heal()
        // Whether it goes on or not, what it says is so.
        const records = scene.log.logStartOffset === offset ? [] : wanted(scene.log.logEndOffset).records
        assert.deepEqual(recordsFrom(scene.log), records, `${problem} at call ${call}`)
        scene.log.abandon()
        await check(scene.simulated, scene.recoveryPoint, scene.syncedEnd, `${problem} at call ${call}`)
      }
    }
  })
}

test('whoever waits for records that are cut off hears it, and whoever waits for others gets them', async () => {
  const scene = await follower(0)
  const { log } = scene
  const waiting = [log.durable(ends[5] ?? 0), log.durable(endOffset)]
  // The sync that runs already takes all along.
  assert.deepEqual(
    (await Promise.allSettled([...waiting, log.truncateTo(ends[7] ?? 0, writeDown(scene))])).map(
      ({ status }) => status
    ),
    ['fulfilled', 'fulfilled', 'fulfilled']
  )
  const more = batchOf(['a'])
  patchPlace(more, 0, log.logEndOffset, 9)
  log.appendAsFollower([more])
  const cut = log.truncateTo(3, writeDown(scene))
  await assert.rejects(log.durable(log.logEndOffset), { name: 'TruncatedError' })
  await cut
})

test('nothing is appended while the log is cut', async () => {
  const scene = await follower(12)
  const cut = scene.log.truncateTo(3, writeDown(scene))
  const more = batchOf(['a'])
  patchPlace(more, 0, endOffset, 9)
  assert.throws(() => scene.log.appendAsFollower([more]), /is being cut/)
  await assert.rejects(scene.log.truncateTo(1, writeDown(scene)), /is being cut/)
  await cut
})

test('the recovery point is written down before anything goes, and no higher than where the log will end then', async () => {
  const scene = await follower(batches.length)
  const told: number[] = []
  await scene.log.truncateTo(9, async () => {
    told.push(scene.log.recoveryPoint, scene.log.logEndOffset)
  })
  assert.deepEqual(told, [8, endOffset])
})

test('a log whose cut could not be made safe takes nothing, and is not closed as if it were whole', async () => {
  const scene = await follower(batches.length)
  const { log, simulated } = scene
  simulated.syncing = async (path) => {
    if (path.endsWith('.log')) throw new DiskError('failed', path, `${path}: the disk did not keep it.`)
  }
  await assert.rejects(log.truncateTo(ends[3] ?? 0, writeDown(scene)), { problem: 'failed' })
  simulated.syncing = () => Promise.resolve()
  assert.throws(() => log.appendAsFollower(batches.slice(4, 5)), /takes no more records/)
  await assert.rejects(log.close(), /takes no more records/)
})

test('an epoch that began at the end without a record is gone when the log is cut there', async () => {
  const scene = await follower(batches.length)
  scene.log.beginEpoch(7)
  assert.equal(scene.log.latestEpoch, 7)
  await scene.log.truncateTo(endOffset, writeDown(scene))
  assert.equal(scene.log.latestEpoch, 5)
  assert.equal(after(scene.simulated, scene.recoveryPoint).latestEpoch, 5)
})

test('a log that is closed while it is cut is left cut', async () => {
  const scene = await follower(batches.length)
  const cut = scene.log.truncateTo(9, writeDown(scene))
  await Promise.all([cut, scene.log.close()])
  const again = open({ ...opening, disk: scene.disk, shutdown: 'clean', recoveryPoint: scene.log.recoveryPoint })
  assert.deepEqual(told(again), wanted(9))
  again.abandon()
})

test('the segments behind a cut are gone for good once it has resolved: no power cut brings back their names', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, config: { segmentBytes: 300 }, checkpointBytes: 1_000_000, history: 'new' })
  for (let count = 0; count < 12; count++) append(log, batchOf(['a']))
  await log.durable(12)
  const later = disk.list(directory).filter((name) => /[1-9]\.log$/.test(name))
  const isSafe = (name: string): boolean => disk.readSynced(`${directory}/${name}`).length > 0
  assert.ok(later.length > 1 && later.some(isSafe))
  await log.truncateTo(1, async () => {})
  assert.deepEqual(later.filter(isSafe), [])
  log.abandon()
})
