/** A replica changes its role, or is cut: what is committed stays within its log, and whoever waits hears of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Replica } from '../../src/broker/replication/replica.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { InvariantError } from '../../src/invariant.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { patchPlace } from '../../src/protocol/records/batch.ts'
import { append, batchOf, open } from '../log/setup.ts'

const followed = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2], inSyncReplicas: [1, 2] }
const led = { ...followed, leader: 2, leaderEpoch: 1, partitionEpoch: 1 }

/** A replica of broker 2, where the last run left the high watermark. */
function replicaOf(log: PartitionLog, highWatermark: number | null): Replica {
  return new Replica({
    ...{ topic: 'orders', topicId: log.topicId, partition: 0, leaderEpoch: 0, log },
    ...{ minInSyncReplicas: 1, nodeId: 2, monotonicMs: () => 0, highWatermark, writeDown: async () => {} }
  })
}

/** It follows broker 1. */
function following(): Replica {
  const replica = replicaOf(open({ history: 'new' }), 0)
  replica.takeRole(followed)
  return replica
}

test('a replica has a role once it was told who leads, and not before', () => {
  const replica = replicaOf(open({ history: 'new' }), 0)
  assert.equal(replica.hasRole, false)
  replica.takeRole(followed)
  assert.equal(replica.hasRole, true)
})

test('a replica that is cut within a batch, all of which goes, has nothing committed that is not there', async () => {
  const replica = following()
  const batch = batchOf(['a', 'b', 'c'])
  patchPlace(batch, 0, 0, 0)
  replica.appendFetched([batch])
  await replica.log.durable(3)
  replica.followHighWatermark(3)
  await replica.truncateTo(2)
  assert.equal(replica.log.logEndOffset, 0)
  assert.equal(replica.highWatermark, 0)
  replica.takeRole(led)
  replica.append(batchOf(['d']), 'client')
  await replica.log.durable(1)
  assert.equal(replica.highWatermark, 0, 'the other in sync has nothing of it')
})

test('who watches the followers hears that this broker leads no more, however that comes', () => {
  const replica = following()
  replica.takeRole(led)
  let told = 0
  replica.watchFollowers(() => {
    told += 1
  })
  replica.resign()
  assert.equal(told, 1)
})

test('a replica that is used against its role says that its own partition is to stop', async () => {
  const stopsPartition = (error: unknown): boolean =>
    error instanceof InvariantError && typeof error.stops === 'object' && error.stops.partition === 'orders-0'
  const replica = following()
  const follower = { nodeId: 3, brokerEpoch: 1 }
  assert.throws(() => replica.append(batchOf(['a']), 'client'), stopsPartition)
  assert.throws(() => replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 0 }), stopsPartition)
  replica.takeRole(led)
  assert.throws(() => replica.appendFetched([batchOf(['a'])]), stopsPartition)
  await assert.rejects(replica.truncateTo(0), stopsPartition)
  assert.throws(() => replica.takeRole(followed), stopsPartition)
  assert.equal(replica.log.logEndOffset, 0)
})

for (const [what, replicas] of [
  ['one', null],
  ['several', 1000]
] as const) {
  test(`of a log that was cut back behind what was committed, no more is committed than is safe: ${what}`, () => {
    const disk = new SimulatedDisk()
    const before = open({ disk, history: 'new' })
    for (const value of ['a', 'b', 'c']) append(before, batchOf([value]))
    before.abandon()
    const log = open({ disk, recoveryPoint: 1 })
    const replica = replicaOf(log, replicas)
    assert.equal(log.logEndOffset, 3)
    assert.equal(replica.highWatermark, 1)
  })
}
