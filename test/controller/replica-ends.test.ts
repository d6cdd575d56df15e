/** What brokers say of where their logs end, and how long it holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplicaEnds } from '../../src/controller/replica-ends.ts'
import { sceneOf, topicIdOf } from './setup.ts'

test('a broker that registers again and does not speak of a log has taken back what it said of it', () => {
  const { image } = sceneOf({ topics: { t: [{ leader: -1 }] } })
  const replica = { topicId: topicIdOf('t'), partitionId: 0, lastEpoch: 5, logEndOffset: 9, state: 'whole' } as const
  const ends = new ReplicaEnds()
  for (const nodeId of [1, 2]) ends.registered(nodeId, { ends: [replica], damaged: [], ahead: [] }, image)
  ends.registered(1, { ends: [], damaged: [], ahead: [] }, image)
  assert.deepEqual([1, 2].map(ends.of(replica.topicId, 0)), [undefined, replica])
})

test('that the metadata has lost its end is not forgotten when somebody leads, nor said by one who would be filled otherwise', () => {
  const ends = new ReplicaEnds()
  const before = sceneOf({ topics: { t: [{ leader: -1, inSyncReplicas: [2, 3] }] } })
  const replica = { topicId: topicIdOf('t'), partitionId: 0 }
  ends.registered(1, { ends: [], damaged: [], ahead: [replica] }, before.image)
  assert.equal(ends.of(replica.topicId, 0)(1), 'ahead')
  ends.forgetDecided(sceneOf({ topics: { t: [{ leader: 2, leaderEpoch: 9 }] } }).image)
  assert.equal(ends.of(replica.topicId, 0)(1), 'ahead')
  ends.forgetDecided(sceneOf().image)
  assert.equal(ends.of(replica.topicId, 0)(1), undefined)
})

test('where a log ends, or that it is damaged, counts of those alone who are in sync or eligible, until somebody leads', () => {
  const ends = new ReplicaEnds()
  const { image } = sceneOf({ topics: { t: [{ leader: -1, inSyncReplicas: [2], eligibleLeaderReplicas: [3] }] } })
  const replica = { topicId: topicIdOf('t'), partitionId: 0 }
  const end = { ...replica, lastEpoch: 5, logEndOffset: 9, state: 'whole' } as const
  for (const nodeId of [1, 2, 3]) ends.registered(nodeId, { ends: [end], damaged: [], ahead: [] }, image)
  assert.deepEqual([1, 2, 3].map(ends.of(replica.topicId, 0)), [undefined, end, end])
  ends.registered(1, { ends: [], damaged: [replica], ahead: [] }, image)
  assert.equal(ends.of(replica.topicId, 0)(1), undefined)
  ends.forgetDecided(sceneOf({ topics: { t: [{ leader: 2, leaderEpoch: 6 }] } }).image)
  assert.deepEqual([2, 3].map(ends.of(replica.topicId, 0)), [undefined, undefined])
})
