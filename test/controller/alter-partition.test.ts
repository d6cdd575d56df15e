/** AlterPartition: what a leader may say of its in-sync set, and every refusal by Apache Kafka's code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideInSyncSet, objectionToBrokerEpoch, type WantedInSyncSet } from '../../src/controller/alter-partition.ts'
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import { type Cluster, inShort, type Partition, sceneOf, shortlyAfter, topicIdOf } from './setup.ts'

const inSync = (...ids: number[]) => ids.map((brokerId) => ({ brokerId, brokerEpoch: 100 + brokerId }))
const asked: WantedInSyncSet = {
  ...{ topicId: topicIdOf('t'), partitionId: 0, leaderEpoch: 5, partitionEpoch: 7, leaderRecoveryState: 0 },
  inSyncReplicas: inSync(1, 2)
}

function decision(
  wanted: Partial<WantedInSyncSet>,
  partition: Partition = {},
  more: Cluster & { brokerId?: number } = {}
) {
  const scene = sceneOf({ topics: { t: [partition] }, ...more })
  return { scene, ...decideInSyncSet(scene, more.brokerId ?? 1, { ...asked, ...wanted }) }
}

const recovering = { leaderRecoveryState: 1, inSyncReplicas: [1] } as const

const refusals: readonly (readonly [what: string, decision: ReturnType<typeof decision>, error: ErrorCode])[] = [
  ['a topic that is not there', decision({ topicId: topicIdOf('other') }), ErrorCode.UNKNOWN_TOPIC_ID],
  ['a partition that is not there', decision({ partitionId: 1 }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ['a leader epoch of another controller', decision({ leaderEpoch: 6 }), ErrorCode.NOT_CONTROLLER],
  ['a partition epoch of another controller', decision({ partitionEpoch: 8 }), ErrorCode.NOT_CONTROLLER],
  ['an old leader epoch', decision({ leaderEpoch: 4 }), ErrorCode.FENCED_LEADER_EPOCH],
  ['one who does not lead', decision({}, {}, { brokerId: 2 }), ErrorCode.INVALID_REQUEST],
  ['an old partition epoch', decision({ partitionEpoch: 6 }), ErrorCode.INVALID_UPDATE_VERSION],
  ['one who is no replica', decision({ inSyncReplicas: inSync(1, 4) }), ErrorCode.INVALID_REQUEST],
  ['one who is named twice', decision({ inSyncReplicas: inSync(1, 2, 2) }), ErrorCode.INVALID_REQUEST],
  ['a set without the leader', decision({ inSyncReplicas: inSync(2, 3) }), ErrorCode.INVALID_REQUEST],
  ['followers of a leader that recovers', decision({ leaderRecoveryState: 1 }, recovering), ErrorCode.INVALID_REQUEST],
  [
    'a recovery of what is recovered',
    decision({ leaderRecoveryState: 1, inSyncReplicas: inSync(1) }),
    ErrorCode.INVALID_REQUEST
  ],
  ['a fenced broker', decision({}, {}, { states: { 2: 'fenced' } }), ErrorCode.INELIGIBLE_REPLICA],
  ['a broker that stops', decision({}, {}, { states: { 2: 'in controlled shutdown' } }), ErrorCode.INELIGIBLE_REPLICA],
  [
    'a broker that was started anew since it fetched',
    decision({ inSyncReplicas: [...inSync(1), { brokerId: 2, brokerEpoch: 101 }] }),
    ErrorCode.INELIGIBLE_REPLICA
  ]
]

for (const [what, { records, result }, error] of refusals) {
  test(`an in-sync set is refused for ${what}: ${errorName(error)}`, () => {
    assert.deepEqual({ records, result }, { records: [], result: { error, partition: null } })
  })
}

const granted: readonly (readonly [what: string, decision: ReturnType<typeof decision>, then: string])[] = [
  ['it shrinks, in the same epoch', decision({}), '1/1,2/'],
  ['it grows', decision({ inSyncReplicas: inSync(1, 3) }, { inSyncReplicas: [1] }), '1/1,3/'],
  ['nothing changes', decision({ inSyncReplicas: inSync(1, 2, 3) }), '1/1,2,3/'],
  [
    'an epoch that the leader does not know is not looked at',
    decision({ inSyncReplicas: [...inSync(1), { brokerId: 2, brokerEpoch: -1 }] }),
    '1/1,2/'
  ],
  ['the leader has recovered', decision({ inSyncReplicas: inSync(1) }, recovering), '1/1/'],
  [
    'who is in sync again is eligible no more',
    decision(
      {},
      { inSyncReplicas: [1], eligibleLeaderReplicas: [2] },
      { configs: { t: { 'min.insync.replicas': '2' } } }
    ),
    '1/1,2/'
  ],
  [
    'whoever leaves too few is eligible',
    decision({ inSyncReplicas: inSync(1) }, {}, { configs: { t: { 'min.insync.replicas': '2' } } }),
    '1/1/2,3'
  ]
]

for (const [what, { scene, records, result }, then] of granted) {
  test(`an in-sync set is granted: ${what}`, () => {
    assert.equal(result.error, ErrorCode.NONE)
    assert.deepEqual(shortlyAfter(scene, records), [then])
    assert.equal(inShort(result.partition ?? undefined), then, 'the answer is what is replayed')
  })
}

test('the leader that a reassignment removes completes it, and hears that another one leads', () => {
  const moving = { replicas: [2, 3, 1], addingReplicas: [3], removingReplicas: [1], inSyncReplicas: [1, 2], leader: 1 }
  const { scene, records, result } = decision({ inSyncReplicas: inSync(1, 2, 3) }, moving)
  assert.deepEqual(result, { error: ErrorCode.NEW_LEADER_ELECTED, partition: null })
  assert.deepEqual(shortlyAfter(scene, records), ['2/2,3/ epoch +1'])
})

test('a broker that was started anew asks for nothing under its old epoch', () => {
  const scene = sceneOf()
  assert.equal(objectionToBrokerEpoch(scene, 1, 101), ErrorCode.NONE)
  assert.equal(objectionToBrokerEpoch(scene, 1, 100), ErrorCode.STALE_BROKER_EPOCH)
  assert.equal(objectionToBrokerEpoch(scene, 9, 109), ErrorCode.STALE_BROKER_EPOCH)
})
