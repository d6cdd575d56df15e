/** How a follower is filled by what its leader answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Leader } from '../../src/broker/peer.ts'
import { Fetcher, type FetcherOptions } from '../../src/broker/replication/fetcher.ts'
import { Replica } from '../../src/broker/replication/replica.ts'
import { ReplicationThrottle } from '../../src/broker/replication/replication-throttle.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import { limits } from '../../src/limits.ts'
import { patchPlace } from '../../src/protocol/records/batch.ts'
import { turns } from '../cluster/held-transport.ts'
import { batchOf, open } from '../log/setup.ts'
import { hold } from './held-disk.ts'

const topicId = 'b3JkZXJzLXRvcGljLWlkMQ'

/** A replica of broker 2, which follows broker 1. */
function following(log = open({ history: 'new' }), writeDown = async () => {}, partition = 0): Replica {
  const replica = new Replica({
    ...{ topic: 'orders', topicId, partition, leaderEpoch: 0 },
    ...{ minInSyncReplicas: 1, nodeId: 2, monotonicMs: () => 0, highWatermark: 0, writeDown },
    log
  })
  replica.takeRole({ leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2], inSyncReplicas: [1] })
  return replica
}

function fetcherOf(peer: Leader, more: Partial<FetcherOptions>): Fetcher {
  const throttle = new ReplicationThrottle({
    ...{ monotonicMs: () => 0, bytesPerSecond: () => Infinity, isNamed: () => false }
  })
  return new Fetcher({
    ...{ peer, nodeId: 2, brokerEpoch: () => 1, clock: new ManualClock(), throttle },
    onFailure: (_, error) => assert.fail(error),
    noteGaps: () => assert.fail('there are none'),
    onUnfit: (_, error) => assert.fail(error),
    onMistake: (error) => assert.fail(String(error)),
    ...more
  })
}

/** The leader answers every fetch with the one batch, until it is there; then, once, with where its log begins. */
async function fill(
  replica: Replica,
  batch: Buffer,
  ends: { start: number; end: number },
  onMistake = (error: unknown): void => assert.fail(String(error))
): Promise<readonly string[]> {
  const unfit: string[] = []
  let hasBeenTold = false
  const answer = {
    ...{ partitionIndex: 0, errorCode: 0, highWatermark: ends.end, logStartOffset: ends.start, records: batch },
    ...{ lastStableOffset: ends.end, abortedTransactions: null, preferredReadReplica: -1 }
  }
  const peer: Leader = {
    fetch: (request) => {
      const isFilled = request.topics[0]?.partitions[0]?.fetchOffset === ends.end
      if (isFilled && hasBeenTold) return new Promise(() => {})
      hasBeenTold = isFilled
      const responses = [{ topic: '', topicId, partitions: [isFilled ? { ...answer, records: null } : answer] }]
      return Promise.resolve({ response: { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses }, done: () => {} })
    },
    logEnds: () =>
      Promise.resolve({ logStartOffset: ends.start, logEndOffset: ends.end, highWatermark: ends.end, gaps: 'none' })
  }
  const fetcher = fetcherOf(peer, { onUnfit: (_, error) => unfit.push(error.message), onMistake })
  replica.onSettled = () => fetcher.add(replica)
  fetcher.add(replica)
  await turns()
  fetcher.stop()
  return unfit
}

for (const [what, start] of [
  ['begins within the batch', 182],
  ['has begun earlier again, as a crash makes it', 180]
] as const) {
  test(`an empty follower that begins within a batch takes all of it from a leader that ${what}`, async () => {
    const replica = following()
    await replica.startAt(182)
    const batch = batchOf(['a', 'b', 'c', 'd'])
    patchPlace(batch, 0, 180, 0)
    assert.deepEqual(await fill(replica, batch, { start, end: 184 }), [])
    assert.equal(replica.log.logEndOffset, 184)
    assert.equal(replica.log.logStartOffset, start)
  })
}

test('a follower whose records the leader has none of begins anew with the batch that the leader begins within', async () => {
  const replica = following()
  // Its last one was not committed: the leader wrote another in its place, which was trimmed since, and with it what tells its epoch.
  replica.appendFetched([batchOf(['a', 'lost'])])
  const batch = batchOf(['b', 'c'])
  patchPlace(batch, 0, 1, 0)
  assert.deepEqual(await fill(replica, batch, { start: 2, end: 3 }), [])
  assert.deepEqual([replica.log.logStartOffset, replica.log.logEndOffset], [2, 3])
})

test('a follower that has records takes no batch that begins before their end', async () => {
  const replica = following()
  replica.appendFetched([batchOf(['a', 'b'])])
  const batch = batchOf(['b', 'c'])
  patchPlace(batch, 0, 1, 0)
  const [told] = await fill(replica, batch, { start: 0, end: 3 })
  assert.match(told ?? '', /The batch here has the offset 1, and 2 should follow/)
  assert.equal(replica.log.logEndOffset, 2)
})

test('a follower whose power is cut while it begins within a batch is filled all the same', async () => {
  const batch = () => {
    const bytes = batchOf(['a', 'b', 'c', 'd'])
    patchPlace(bytes, 0, 180, 0)
    return bytes
  }
  const cuts: { disk: SimulatedDisk; recoveryPoint: number }[] = []
  const below = new SimulatedDisk()
  const disk = new RefusingDisk(below, null)
  const log = open({ history: 'new', disk })
  let recoveryPoint = 0
  const replica = following(log, async () => {
    recoveryPoint = log.recoveryPoint
  })
  await replica.startAt(182)
  recoveryPoint = log.recoveryPoint
  disk.onCall = () => cuts.push({ disk: below.powerCut(new SeededChance(cuts.length)), recoveryPoint })
  assert.deepEqual(await fill(replica, batch(), { start: 182, end: 184 }), [])
  assert.ok(cuts.length > 10, `${cuts.length}`)
  for (const [index, cut] of cuts.entries()) {
    // Where it begins may have to be said once more: that is told, and mended by the leader.
    const again = open({ ...cut, history: 'known', shutdown: 'unclean', logStartOffset: 182 })
    const back = following(again)
    assert.deepEqual(await fill(back, batch(), { start: 182, end: 184 }), [], `cut ${index}`)
    assert.deepEqual([back.log.logStartOffset, back.log.logEndOffset], [182, 184], `cut ${index}`)
  }
})

test('a mistake of ours while a follower is filled is told, and ends neither the process nor the filling', async () => {
  const replica = following()
  const mistake = new InvariantError('offsets run backwards', { partition: 'orders-0' })
  replica.appendFetched = () => {
    throw mistake
  }
  const told: unknown[] = []
  const batch = batchOf(['a'])
  patchPlace(batch, 0, 0, 0)
  assert.deepEqual(await fill(replica, batch, { start: 0, end: 1 }, (error) => told.push(error)), [])
  assert.deepEqual(told, [mistake], 'once: it rests before it asks again')
})

test('a partition whose records take long to become safe holds up no other', async () => {
  const disk = new SimulatedDisk()
  const slowly = hold()
  disk.syncing = (path) => (path.startsWith('orders-9/') ? slowly.over : Promise.resolve())
  const asked: string[] = []
  const [slots, others] = [hold(), hold()]
  const peer: Leader = {
    fetch: async ({ topics: [topic] }) => {
      const wanted = topic?.partitions ?? []
      for (const { partition, fetchOffset } of wanted) asked.push(`${partition} from ${fetchOffset}`)
      const isMain = wanted.some(({ partition }) => partition === 0)
      // Those that were added one by one wait at the leader's; the next request carries those that found no room.
      if (asked.includes('0 from 1')) await others.over
      else if (!isMain) await slots.over
      const answer = {
        errorCode: 0,
        highWatermark: 0,
        logStartOffset: 0,
        lastStableOffset: 0,
        preferredReadReplica: -1
      }
      const partitions = wanted.map(({ partition }) => {
        const records = wanted.length > 1 ? batchOf(['a']) : null
        if (records !== null) patchPlace(records, 0, 0, 0)
        return { ...answer, abortedTransactions: null, partitionIndex: partition, records }
      })
      const responses = [{ topic: '', topicId, partitions }]
      return { response: { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses }, done: () => {} }
    },
    logEnds: () => assert.fail('nobody asks')
  }
  const clock = new ManualClock()
  const fetcher = fetcherOf(peer, { clock })
  for (let partition = 0; partition < 10; partition++) {
    const log = open({ disk, history: 'new', directory: `orders-${partition}` })
    fetcher.add(following(log, async () => {}, partition))
  }
  await turns()
  clock.advance(limits.followerPatienceMs)
  await turns()
  assert.ok(asked.includes('0 from 1'), asked.join())
  assert.ok(!asked.includes('9 from 1'), 'what is not safe yet')
  slowly.release()
  await turns()
  slots.release()
  await turns()
  assert.ok(asked.includes('9 from 1'), asked.join())
  fetcher.stop()
})
