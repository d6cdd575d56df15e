/** Which brokers were heard of lately, and what a heartbeat comes to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerSessions } from '../../src/controller/broker-sessions.ts'
import { type BrokerHeartbeat, decideHeartbeat } from '../../src/controller/heartbeat.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { type Cluster, type Partition, sceneOf, shortlyAfter, topicIdOf } from './setup.ts'

function silentAfter(quarters: number, hear: (sessions: BrokerSessions, quarter: number) => void = () => {}): number[] {
  const sessions = new BrokerSessions()
  sessions.heard(1)
  sessions.heard(2)
  const over: number[] = []
  for (let quarter = 1; quarter <= quarters; quarter += 1) {
    hear(sessions, quarter)
    over.push(...sessions.quarterPassed())
  }
  return over
}

test('a session is over when a broker was silent for all of it, wherever in a quarter it was heard last', () => {
  assert.deepEqual(silentAfter(4), [], 'three quarters of a session, and what was left of the first')
  assert.deepEqual(silentAfter(5), [1, 2])
})

test('a heartbeat begins the session anew, and who has none is not missed', () => {
  assert.deepEqual(
    silentAfter(5, (sessions, quarter) => quarter === 4 && sessions.heard(1)),
    [2]
  )
  assert.deepEqual(
    silentAfter(9, (sessions, quarter) => quarter === 2 && sessions.end(2)),
    [1, 1, 1, 1, 1],
    'it is told until somebody fences it'
  )
})

const beat = (of: Partial<BrokerHeartbeat> = {}): BrokerHeartbeat => ({
  opened: [],
  ...{ brokerId: 1, brokerEpoch: 101, knowsItself: true, offline: [] },
  ...of
})
const fenced: Cluster['states'] = { 1: 'fenced' }
const scene = (partition: Partition, states: Cluster['states'] = {}) => sceneOf({ topics: { t: [partition] }, states })

const beats: readonly (readonly [
  what: string,
  partition: Partition,
  states: Cluster['states'],
  heartbeat: BrokerHeartbeat,
  then: string,
  isFenced: boolean
])[] = [
  ['one that takes part changes nothing', { leader: -1 }, {}, beat(), '-1/1,2,3/', false],
  [
    'one that was fenced takes part again, and leads what nobody leads',
    { leader: -1 },
    fenced,
    beat(),
    '1/1,2,3/ epoch +1',
    false
  ],
  ['it takes nothing from who leads meanwhile', { leader: 2, inSyncReplicas: [2, 3] }, fenced, beat(), '2/2,3/', false],
  [
    'one that has not heard of its registration stays fenced',
    { leader: -1 },
    fenced,
    beat({ knowsItself: false }),
    '-1/1,2,3/',
    true
  ],
  [
    'one that stops is not brought back by its heartbeats',
    { leader: -1 },
    { 1: 'in controlled shutdown' },
    beat(),
    '-1/1,2,3/',
    false
  ],
  [
    'what its disk cannot serve others lead',
    {},
    {},
    beat({ offline: [{ topicId: topicIdOf('t'), partitionId: 0 }] }),
    '2/2,3/ epoch +1',
    false
  ]
]

for (const [what, partition, states, heartbeat, then, isFenced] of beats) {
  test(`a broker is heard: ${what}`, () => {
    const before = scene(partition, states)
    const { records, result } = decideHeartbeat(before, heartbeat)
    assert.deepEqual(shortlyAfter(before, records), [then])
    assert.deepEqual(result, { error: ErrorCode.NONE, isFenced })
  })
}

test('an earlier life of a broker is not heard', () => {
  const { records, result } = decideHeartbeat(scene({ leader: -1 }, fenced), beat({ brokerEpoch: 100 }))
  assert.deepEqual(records, [])
  assert.equal(result.error, ErrorCode.STALE_BROKER_EPOCH)
})
