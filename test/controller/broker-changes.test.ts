/** What becomes of partitions when brokers go, come, begin to stop, or are no more. Each partition in short: leader/in sync/eligible. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideInSyncSet } from '../../src/controller/alter-partition.ts'
import {
  fencedBroker,
  offlineReplicas,
  type Return,
  returnedBroker,
  stoppingBroker,
  unfencedBroker,
  unregisteredBroker
} from '../../src/controller/broker-changes.ts'
import { balancingElections } from '../../src/controller/elect-leaders.ts'
import { livingBrokers } from '../../src/coordination/metadata/living-brokers.ts'
import { registerBrokerRecord } from '../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { after, type Cluster, directoryOf, type Partition, sceneOf, shortlyAfter, topicIdOf, topicOf } from './setup.ts'

const two = { 'min.insync.replicas': '2' }
const unclean = { 'unclean.leader.election.enable': 'true' }
const of = (partition: Partition, config: Readonly<Record<string, string>> = {}, more: Cluster = {}) =>
  sceneOf({ topics: { t: [partition] }, configs: { t: config }, ...more })
const registered = (scene: ReturnType<typeof sceneOf>, id: number, fenced: boolean) => {
  const registration = {
    ...{ id, epoch: 9, incarnationId: directoryOf(7), directories: [directoryOf(id)], endpoints: [], rack: null },
    ...{ fenced, inControlledShutdown: false, features: [] }
  }
  replayMetadata(scene.image, registerBrokerRecord(registration, 33))
  return scene
}

const offline = { leader: -1, inSyncReplicas: [], eligibleLeaderReplicas: [1], lastKnownEligibleLeaderReplicas: [1] }

const fences: readonly (readonly [what: string, scene: ReturnType<typeof sceneOf>, then: string])[] = [
  ['a leader is followed by the next in sync', of({}), '2/2,3/ epoch +1'],
  ['a follower leaves, and the leader goes on in its epoch', of({ leader: 2 }), '2/2,3/'],
  ['one that is not in sync changes nothing', of({ leader: 2, inSyncReplicas: [2, 3] }), '2/2,3/'],
  ['nobody leads what was in sync on it alone', of({ inSyncReplicas: [1] }), '-1//1 last 1 epoch +1'],
  [
    'an unclean election where the topic allows it: whoever lives, alone',
    of({ inSyncReplicas: [1] }, unclean),
    '2/2/ recovering epoch +1'
  ],
  ['it stays eligible while too few are in sync', of({ inSyncReplicas: [1, 3] }, two), '3/3/1 epoch +1'],
  [
    'a fenced broker is not elected, in sync or not',
    of({}, {}, { states: { 2: 'fenced', 3: 'in controlled shutdown' } }),
    '-1/2,3/ last 1 epoch +1'
  ],
  [
    'without eligible leaders the last one stays in sync, and does not lead',
    of({ inSyncReplicas: [1] }, {}, { hasEligibleLeaders: false }),
    '-1/1/ epoch +1'
  ]
]

for (const [what, scene, then] of fences) {
  test(`broker 1 is gone: ${what}`, () => {
    assert.deepEqual(shortlyAfter(scene, fencedBroker(scene, 1)), [then])
  })
}

const unfences: readonly (readonly [what: string, partition: Partition, then: string])[] = [
  ['it leads what nobody leads, where it is in sync', { leader: -1 }, '1/1,2,3/ epoch +1'],
  ['it leads where it is eligible, and is in sync alone', offline, '1/1/ epoch +1'],
  [
    'it leads what it led last, uncleanly, when nobody is eligible',
    { ...offline, eligibleLeaderReplicas: [] },
    '1/1/ recovering epoch +1'
  ],
  [
    'it does not lead where others are in sync or eligible',
    { ...offline, replicas: [1, 2], eligibleLeaderReplicas: [2] },
    '-1//2 last 1'
  ],
  ['it takes nothing from who leads', { leader: 2 }, '2/1,2,3/']
]

for (const [what, partition, then] of unfences) {
  test(`broker 1 is there: ${what}`, () => {
    const scene = of(partition, {}, { states: { 1: 'fenced', 2: 'fenced', 3: 'fenced' } })
    assert.deepEqual(shortlyAfter(scene, unfencedBroker(scene, 1)), [then])
  })
}

test('a broker that stops hands over what it leads, and may go when that is heard of', () => {
  const scene = of({})
  const { records, result } = stoppingBroker(scene, 1)
  assert.deepEqual(result, { mayGoAtOnce: false })
  assert.deepEqual(shortlyAfter(scene, records), ['2/2,3/ epoch +1'])
  const then = after(scene, records)
  assert.deepEqual(stoppingBroker(then, 1), { records: [], result: { mayGoAtOnce: true } })
})

test('a broker that leads nothing may go at once', () => {
  const scene = of({})
  const { records, result } = stoppingBroker(scene, 3)
  assert.deepEqual(result, { mayGoAtOnce: true })
  assert.deepEqual(shortlyAfter(scene, records), ['1/1,2/'])
})

const returns: readonly (readonly [what: string, partition: Partition, back: Omit<Return, 'id'>, then: string])[] = [
  ['clean: it keeps what it is eligible for', offline, { isClean: true, directoryId: directoryOf(1) }, '-1//1 last 1'],
  ['after a crash: it is eligible no more', offline, { isClean: false, directoryId: directoryOf(1) }, '-1// last 1'],
  [
    'after a crash nobody noticed: it is in sync no more, and others lead',
    {},
    { isClean: false, directoryId: directoryOf(1) },
    '2/2,3/ epoch +1'
  ],
  ['with another directory: nobody asks it again', offline, { isClean: true, directoryId: directoryOf(8) }, '-1//'],
  [
    'with another directory where others are in sync',
    {},
    { isClean: true, directoryId: directoryOf(8) },
    '2/2,3/ epoch +1'
  ]
]

for (const [what, partition, back, then] of returns) {
  test(`broker 1 comes back ${what}`, () => {
    const scene = of({ replicas: [1, 2, 3], ...partition })
    const records = returnedBroker(scene, { id: 1, ...back })
    assert.deepEqual(shortlyAfter(scene, records), [then])
    const [partitionThen] = topicOf(after(scene, records)).partitions
    assert.deepEqual(partitionThen?.directories, [back.directoryId, directoryOf(2), directoryOf(3)])
    assert.deepEqual(returnedBroker(after(scene, records), { id: 1, ...back }), [], 'it is said once')
  })
}

test('a broker that was wiped leads again when it has been filled again, and not before', () => {
  const scene = of({ leader: 2, inSyncReplicas: [2, 3] })
  const wiped = after(scene, returnedBroker(scene, { id: 1, isClean: true, directoryId: directoryOf(8) }))
  const living = livingBrokers([
    ...Array.from(scene.living.all()).filter(({ id }) => id !== 1),
    { id: 1, epoch: 200, rack: null, directoryId: directoryOf(8), state: 'active' }
  ])
  const back = { ...wiped, living }
  assert.deepEqual(balancingElections(back, 9), [])
  const wanted = { topicId: topicIdOf('t'), partitionId: 0, leaderEpoch: 5, partitionEpoch: 8, leaderRecoveryState: 0 }
  const inSyncReplicas = [2, 3, 1].map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
  const filled = after(back, decideInSyncSet(back, 2, { ...wanted, inSyncReplicas }).records)
  assert.deepEqual(shortlyAfter(filled, balancingElections(filled, 9)), ['1/2,3,1/ epoch +1'])
})

test('a broker that is unregistered is in sync and eligible nowhere', () => {
  const scene = sceneOf({ topics: { t: [{}, offline] } })
  const { records, result } = unregisteredBroker(scene, 1)
  assert.deepEqual(result, { error: 0, message: null })
  assert.deepEqual(shortlyAfter(scene, records), ['2/2,3/ epoch +1', '-1// last 1'])
  const message = 'Broker ID 9 is not currently registered'
  assert.deepEqual(unregisteredBroker(scene, 9), { records: [], result: { error: 102, message } })
})

test('a registration in the metadata log says what became of the broker, once', () => {
  const gone = registered(of({}), 1, false)
  const fenced = after(gone, fencedBroker(gone, 1))
  assert.equal(fenced.image.broker(1)?.fenced, true)
  assert.deepEqual(fencedBroker(fenced, 1), [])
  const back = after(fenced, unfencedBroker(fenced, 1))
  assert.equal(back.image.broker(1)?.fenced, false)
  assert.deepEqual(unfencedBroker(back, 1), [])
  const stopping = after(back, stoppingBroker(back, 1).records)
  assert.equal(stopping.image.broker(1)?.inControlledShutdown, true)
  assert.deepEqual(stoppingBroker(stopping, 1).records, [])
  assert.equal(after(stopping, unregisteredBroker(stopping, 1).records).image.broker(1), undefined)
})

const offlines: readonly (readonly [what: string, scene: ReturnType<typeof sceneOf>, then: string | undefined])[] = [
  ['another leads who is in sync', of({}), '2/2,3/ epoch +1'],
  ['a follower is in sync no more, and the leader goes on', of({ leader: 2 }), '2/2,3/'],
  [
    'what is damaged is not eligible, even while too few are in sync',
    of({ inSyncReplicas: [1, 2] }, two),
    '2/2/ epoch +1'
  ],
  ['one that is not in sync changes nothing', of({ leader: 2, inSyncReplicas: [2, 3] }), undefined],
  [
    'one that is eligible is so no more, where another leads',
    of({ leader: 2, inSyncReplicas: [2], eligibleLeaderReplicas: [1, 3] }, two),
    '2/2/3'
  ],
  [
    'one that is eligible where nobody leads stays so',
    of({ leader: -1, inSyncReplicas: [], eligibleLeaderReplicas: [1, 3] }, two, { states: { 3: 'fenced' } }),
    undefined
  ],
  ['nobody else has everything: it goes on', of({ inSyncReplicas: [1] }), undefined],
  ['nobody else lives who has everything', of({}, {}, { states: { 2: 'fenced', 3: 'fenced' } }), undefined],
  ['an unclean election is of another one', of({ inSyncReplicas: [1] }, unclean), '2/2/ recovering epoch +1']
]

for (const [what, scene, then] of offlines) {
  test(`a replica of broker 1 is offline: ${what}`, () => {
    const records = offlineReplicas(scene, 1, [
      { topicId: topicIdOf('t'), partitionId: 0 },
      { topicId: topicIdOf('t'), partitionId: 9 }
    ])
    assert.equal(records.length, then === undefined ? 0 : 1)
    if (then !== undefined) assert.deepEqual(shortlyAfter(scene, records), [then])
  })
}
