/** What a leader does while it does not know whether its in-sync set was changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InSyncSets } from '../../src/broker/replication/in-sync-sets.ts'
import { Replica } from '../../src/broker/replication/replica.ts'
import type { WantedInSyncSet } from '../../src/controller/alter-partition.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf } from '../broker/apis/records-setup.ts'
import { open } from '../log/setup.ts'

const assignment = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2], inSyncReplicas: [1] }
type Answer = Awaited<ReturnType<ConstructorParameters<typeof InSyncSets>[0]['control']['alterPartitions']>>

function leading(answer: () => Promise<Answer>) {
  const clock = new ManualClock()
  const log = open({ history: 'new' })
  const replica = new Replica({
    ...{ topic: 't1', topicId: log.topicId, partition: 0, leaderEpoch: 0, minInSyncReplicas: 1, nodeId: 1 },
    ...{ monotonicMs: () => clock.monotonicMs(), highWatermark: 0, writeDown: async () => {}, log }
  })
  replica.takeRole(assignment)
  const asked: WantedInSyncSet[] = []
  const alterPartitions = (wanted: readonly WantedInSyncSet[]) => {
    asked.push(...wanted)
    return answer()
  }
  const control = { alterPartitions }
  const sets = new InSyncSets({ control, clock, replicas: () => [replica], maxLagMs: () => 30_000 })
  replica.onMayJoin = (follower) => sets.mayJoin(replica, follower)
  return { clock, replica, asked }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}

const follower = { nodeId: 2, brokerEpoch: 7 }
const inSync = (wanted: WantedInSyncSet | undefined) => wanted?.inSyncReplicas.map(({ brokerId }) => brokerId)

test('as long as it is not known whether a follower was taken in, nothing is committed that it does not have', async () => {
  let attempts = 0
  const { clock, replica, asked } = leading(() => {
    attempts += 1
    if (attempts === 1) return Promise.reject(new DiskError('too-many-files', '', 'No file handle is left.'))
    return Promise.resolve({ error: ErrorCode.NONE, partitions: [{ error: ErrorCode.NONE }] })
  })
  replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 0 })
  await turns()
  replica.append(batchOf(['a']), 'client')
  await turns()
  assert.equal(replica.highWatermark, 0, 'it may be in sync by now, and has nothing')
  clock.advance(limits.refusedRecordPauseMs)
  await turns()
  assert.deepEqual(asked.map(inSync), [
    [1, 2],
    [1, 2]
  ])
  replica.takeRole({ ...assignment, partitionEpoch: 1, inSyncReplicas: [1, 2] })
  assert.equal(replica.highWatermark, 0)
  replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 1 })
  assert.equal(replica.highWatermark, 1)
})

test('a follower that is refused is waited for no more', async () => {
  const { replica } = leading(() =>
    Promise.resolve({ error: ErrorCode.NONE, partitions: [{ error: ErrorCode.INELIGIBLE_REPLICA }] })
  )
  replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 0 })
  await turns()
  replica.append(batchOf(['a']), 'client')
  await turns()
  assert.equal(replica.highWatermark, 1)
})

test('what waits for a follower that is refused is committed then, whether or not anything else happens', async () => {
  let refuse = (): void => {}
  const { replica } = leading(
    () =>
      new Promise((resolve) => {
        const partitions = [{ error: ErrorCode.INELIGIBLE_REPLICA }]
        refuse = () => resolve({ error: ErrorCode.NONE, partitions })
      })
  )
  replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 0 })
  replica.append(batchOf(['a']), 'client')
  await turns()
  assert.equal(replica.highWatermark, 0)
  refuse()
  await turns()
  assert.equal(replica.highWatermark, 1)
})

test('a follower joins in the life in which it caught up: what it asked in an earlier one counts no more', async () => {
  const { replica, asked } = leading(() => new Promise(() => {}))
  replica.append(batchOf(['a']), 'client')
  assert.ok(replica.fetchedBy({ nodeId: 2, brokerEpoch: 8 }, { logStartOffset: 0, fetchOffset: 0 }))
  assert.ok(!replica.fetchedBy(follower, { logStartOffset: 0, fetchOffset: 1 }), 'it came late, and says what was')
  assert.equal(replica.leadership?.endOffsetOf(2), 0)
  assert.ok(replica.fetchedBy({ nodeId: 2, brokerEpoch: 8 }, { logStartOffset: 0, fetchOffset: 1 }))
  await turns()
  const epochs = asked.map((wanted) => wanted?.inSyncReplicas.find(({ brokerId }) => brokerId === 2)?.brokerEpoch)
  assert.deepEqual(epochs, [8], 'the controller is asked to take this life of it in, and no other')
})

test('what waited for more replicas than there must be by now is committed at once, and who waits for it hears of it', async () => {
  const { replica } = leading(() => new Promise(() => {}))
  replica.requireInSync(2)
  replica.append(batchOf(['a']), 'client')
  await turns()
  assert.equal(replica.highWatermark, 0)
  const heard: number[] = []
  replica.observe({ advanced: (bytes) => heard.push(bytes), ended: () => {} })
  replica.requireInSync(1)
  assert.equal(replica.highWatermark, 1)
  assert.ok(heard.some((bytes) => bytes > 0))
})
