/** A follower's append: what the leader's Fetch gave goes in as it is, or not at all. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchSizeAt, patchPlace, readBatchHeader, sealCrc } from '../../src/protocol/records/batch.ts'
import { endTransactionMarker } from '../../src/protocol/records/control-records.ts'
import * as fc from '../harness/properties.ts'
import { batchOf, directory, open, recordsFrom, startMs } from './setup.ts'

const valuesOf = (log: PartitionLog): string[] => recordsFrom(log).map(({ value }) => String(value))

/** A batch as it lies in the leader's log. */
function placed(values: readonly string[], offset: number, epoch: number, more = {}): Buffer {
  const batch = batchOf(values, more)
  patchPlace(batch, 0, offset, epoch)
  return batch
}

/** Asks the leader for what comes next, until there is nothing. */
function follow(follower: PartitionLog, leader: PartitionLog, maxBytes = 500): void {
  while (follower.logEndOffset < leader.logEndOffset) {
    const read = leader.read(follower.logEndOffset, { maxBytes, upTo: leader.logEndOffset, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    const taken = follower.appendAsFollower(read.chunks)
    assert.deepEqual(taken, {
      firstOffset: taken.firstOffset,
      lastOffset: read.nextOffset - 1,
      sizeBytes: read.sizeBytes
    })
  }
}

test('a follower has the bytes, epochs, producers and transactions of its leader, also after a kill', async () => {
  const transactional = (baseSequence: number) => ({
    producerId: 10,
    producerEpoch: 0,
    baseSequence,
    isTransactional: true
  })
  const [leaderDisk, followerDisk] = [new MemoryDisk(), new MemoryDisk()]
  const leader = open({ disk: leaderDisk, history: 'new', leaderEpoch: 9 })
  for (let count = 0; count < 60; count++) {
    const leaderEpoch = Math.floor(count / 20) * 3
    leader.append(batchOf([`value ${count}`, 'more'], transactional(count * 2)), { leaderEpoch, origin: 'client' })
    if (count % 7 !== 6) continue
    const outcome = count % 2 === 0 ? 'abort' : 'commit'
    const end = { producerId: 10, producerEpoch: 0, coordinatorEpoch: 3, outcome, timestampMs: startMs } as const
    leader.append(endTransactionMarker(end), { leaderEpoch, origin: 'coordinator' })
  }
  follow(open({ disk: followerDisk, history: 'new', leaderEpoch: 9 }), leader)
  for (const shutdown of ['killed', 'restarted'] as const) {
    const follower = open({ disk: followerDisk, leaderEpoch: 9 })
    assert.deepEqual(recordsFrom(follower), recordsFrom(leader), shutdown)
    assert.deepEqual(follower.activeProducers(), leader.activeProducers(), shutdown)
    assert.equal(follower.lastStableOffset, leader.lastStableOffset, shutdown)
    assert.equal(follower.latestEpoch, 6)
    for (const epoch of [0, 1, 3, 6])
      assert.deepEqual(follower.endOffsetForEpoch(epoch), leader.endOffsetForEpoch(epoch))
    const everything = { chunks: [], nextOffset: leader.logEndOffset }
    assert.deepEqual(follower.abortedTransactions(0, everything), leader.abortedTransactions(0, everything))
    follower.abandon()
  }
  const logs = followerDisk.list(directory).filter((name) => name.endsWith('.log'))
  assert.ok(logs.length > 2, 'segments are rolled')
  const all = (disk: MemoryDisk): Buffer =>
    Buffer.concat(
      disk.list(directory).flatMap((one) => (one.endsWith('.log') ? disk.readFile(`${directory}/${one}`) : []))
    )
  assert.ok(all(followerDisk).equals(all(leaderDisk)))
})

test('what a follower has taken is synced as any other append, and is there after a power cut', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new SimulatedDisk()
    const log = open({ disk, history: 'new' })
    log.appendAsFollower([placed(['a', 'b'], 0, 0), placed(['c'], 2, 0)])
    assert.equal(log.syncedEndOffset, 0)
    await log.durable(3)
    assert.equal(log.syncedEndOffset, 3)
    const after = open({ disk: disk.powerCut(new SeededChance(seed)), recoveryPoint: log.recoveryPoint })
    assert.deepEqual(valuesOf(after), ['a', 'b', 'c'])
  }
})

test('the memory that the batches came in is free again', () => {
  const log = open({ history: 'new' })
  const lent = placed(['a'], 0, 0)
  log.appendAsFollower([lent])
  lent.fill(0)
  assert.deepEqual(valuesOf(log), ['a'])
})

test('a batch that is larger than what producers may send is taken all the same', () => {
  const log = open({ history: 'new', config: { maxMessageBytes: 100 } })
  log.appendAsFollower([placed(['x'.repeat(500)], 0, 0)])
  assert.equal(log.logEndOffset, 1)
})

test('nothing of what does not continue the log goes in', () => {
  const good = placed(['c'], 2, 4)
  const flipped = placed(['d'], 3, 4)
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1)
  const producer = { producerId: 1, producerEpoch: 0, coordinatorEpoch: 0 }
  const badMarker = endTransactionMarker({ ...producer, outcome: 'commit', timestampMs: startMs })
  patchPlace(badMarker, 0, 3, 4)
  // The length of its record.
  badMarker.writeUInt8(1, 61)
  sealCrc(badMarker, 0, badMarker.length)
  const unfit: Record<string, Buffer> = {
    'overlaps the end': placed(['b', 'c'], 1, 4),
    'leaves a gap': placed(['d'], 4, 4),
    'is of an older epoch': placed(['d'], 3, 3),
    'has a wrong checksum': flipped,
    'is cut short': placed(['d'], 3, 4).subarray(0, -1),
    'is only a header': placed(['d'], 3, 4).subarray(0, 61),
    'is not even that': Buffer.alloc(7),
    'is a control batch that cannot be read': badMarker
  }
  for (const [what, batch] of Object.entries(unfit)) {
    for (const chunks of [[good, batch], [Buffer.concat([good, batch])]]) {
      const disk = new MemoryDisk()
      const log = open({ disk, history: 'new' })
      log.appendAsFollower([placed(['a', 'b'], 0, 2)])
      const before = disk.list(directory).map((name) => disk.readFile(`${directory}/${name}`).toString('latin1'))
      assert.throws(() => log.appendAsFollower(chunks), { name: 'UnfitBatchError' }, what)
      assert.deepEqual([log.logEndOffset, log.latestEpoch], [2, 2], what)
      assert.deepEqual(
        disk.list(directory).map((name) => disk.readFile(`${directory}/${name}`).toString('latin1')),
        before
      )
      log.appendAsFollower([good])
      assert.deepEqual(valuesOf(log), ['a', 'b', 'c'])
    }
  }
})

test('where compaction has left gaps they are taken, and are there after a kill with all that lies behind', () => {
  const disk = new MemoryDisk()
  const opening = { disk, gaps: 'compacted', config: { segmentBytes: 300 } } as const
  const log = open({ ...opening, history: 'new' })
  const offsets = [3, 4, 90, 91, 200, 5_000_000_000, 5_000_000_001, 5_000_000_900]
  for (const offset of offsets) log.appendAsFollower([placed([`at ${offset}`], offset, 0)])
  for (const one of [log, open(opening)]) {
    assert.deepEqual(
      recordsFrom(one).map((record) => record.offset),
      offsets
    )
    assert.equal(one.logEndOffset, 5_000_000_901)
  }
})

test('a full disk refuses, and what was written before it is in the log', () => {
  for (let room = 0; room < 1500; room += 11) {
    const disk = new SimulatedDisk()
    const log = open({ disk, history: 'new', config: { segmentBytes: 300, indexIntervalBytes: 10 } })
    const chunks = [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => placed([`value ${offset}`], offset, Math.floor(offset / 3)))
    disk.freeBytes = room
    try {
      log.appendAsFollower(chunks)
    } catch (error) {
      assert.ok(error instanceof Error && 'problem' in error && error.problem === 'full')
    }
    disk.freeBytes = Infinity
    const kept = log.logEndOffset
    log.appendAsFollower(chunks.slice(kept))
    for (const one of [log, open({ disk, leaderEpoch: 2 })]) {
      assert.deepEqual(
        valuesOf(one),
        [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => `value ${offset}`)
      )
      assert.deepEqual(one.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 6 })
    }
  }
})

test('what a full disk refused is taken when there is room, also where a later epoch begins in the midst of it', () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, history: 'new' })
  log.appendAsFollower([placed(['a'], 0, 1)])
  const sent = Buffer.concat([placed(['b'], 1, 2), placed(['c'], 2, 3)])
  disk.freeBytes = 0
  assert.throws(() => log.appendAsFollower([sent]), { problem: 'full' })
  assert.equal(log.latestEpoch, 1, 'it has nothing of the later ones')
  disk.freeBytes = Infinity
  log.appendAsFollower([sent])
  assert.deepEqual(valuesOf(log), ['a', 'b', 'c'])
  assert.deepEqual(log.endOffsetForEpoch(2), { leaderEpoch: 2, endOffset: 2 })
})

test('whatever bytes a leader sends, they are taken whole or the log is as it was', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (position, byte, sealed) => {
      const log = open({ history: 'new' })
      log.appendAsFollower([placed(['a'], 0, 1)])
      const sent = Buffer.concat([placed(['b', 'c'], 1, 1), placed(['d'], 3, 2)])
      const wanted = Buffer.from(sent)
      sent.writeUInt8(byte, position % sent.length)
      // As a leader would that is itself mistaken.
      if (sealed && batchSizeAt(sent, 0) <= sent.length && batchSizeAt(sent, 0) > 0)
        sealCrc(sent, 0, batchSizeAt(sent, 0))
      try {
        log.appendAsFollower([sent])
      } catch (error) {
        assert.equal(error instanceof Error && error.name, 'UnfitBatchError')
        assert.equal(log.logEndOffset, 1)
        return
      }
      const epochs = [0, batchSizeAt(sent, 0)].map((at) => readBatchHeader(sent, at).partitionLeaderEpoch)
      assert.ok(sent.equals(wanted) || sealed || epochs.join() !== '1,2')
    })
  )
})
