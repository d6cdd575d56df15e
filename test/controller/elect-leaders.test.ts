/** Elections that somebody asks for, that the controller makes by itself, and those of a start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { balancingElections, decideElections, uncleanElections } from '../../src/controller/elect-leaders.ts'
import { startElections } from '../../src/controller/start-elections.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { sceneOf, shortlyAfter, topicIdOf } from './setup.ts'

const balanced = {}
const imbalanced = { leader: 2 }
const away = { leader: 2, inSyncReplicas: [2, 3] }
const lost = { leader: -1, inSyncReplicas: [3], lastKnownEligibleLeaderReplicas: [3] }
const gone = { replicas: [3], leader: -1, inSyncReplicas: [3], lastKnownEligibleLeaderReplicas: [3] }
const scene = sceneOf({ topics: { t: [balanced, imbalanced, away, lost, gone] }, states: { 3: 'fenced' } })
const unchanged = ['1/1,2,3/', '2/1,2,3/', '2/2,3/', '-1/3/ last 3', '-1/3/ last 3']

const notNeeded = [ErrorCode.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.']
const notPreferred = [ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.']
const notEligible = [ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'Eligible topic partition leaders are not available.']
const done = [ErrorCode.NONE, null]
const all = [{ topic: 't', partitions: [0, 1, 2, 3, 4] }]

const answersOf = ({ result }: ReturnType<typeof decideElections>) =>
  result.map(({ partitions }) => partitions.map(({ partitionId, error, message }) => [partitionId, error, message]))

test('the preferred leader is elected where it is in sync', () => {
  const decision = decideElections(scene, 'preferred', all)
  const answers = [notNeeded, done, notPreferred, notPreferred, notPreferred]
  assert.deepEqual(answersOf(decision), [answers.map((answer, id) => [id, ...answer])])
  const expected = unchanged.with(1, '1/1,2,3/ epoch +1')
  assert.deepEqual(shortlyAfter(scene, decision.records), expected)
})

test('anybody is elected where nobody leads, and there is somebody', () => {
  const decision = decideElections(scene, 'unclean', all)
  const answers = [notNeeded, notNeeded, notNeeded, done, notEligible]
  assert.deepEqual(answersOf(decision), [answers.map((answer, id) => [id, ...answer])])
  assert.deepEqual(shortlyAfter(scene, decision.records), unchanged.with(3, '1/1/ recovering epoch +1'))
})

test('anybody else is elected where the disk of the leader cannot serve it, and there is somebody', () => {
  const alone = { inSyncReplicas: [1] }
  const topics = { t: [alone, { ...alone, replicas: [1, 3] }, { ...alone, replicas: [1] }, alone] }
  const offline = { 1: [0, 1, 2].map((partitionId) => ({ topicId: topicIdOf('t'), partitionId })) }
  const lost = sceneOf({ topics, offline, states: { 3: 'fenced' } })
  const decision = decideElections(lost, 'unclean', [{ topic: 't', partitions: [0, 1, 2, 3] }])
  const answers = [done, notEligible, notNeeded, notNeeded]
  assert.deepEqual(answersOf(decision), [answers.map((answer, id) => [id, ...answer])])
  assert.deepEqual(shortlyAfter(lost, decision.records), ['2/2/ recovering epoch +1', '1/1/', '1/1/', '1/1/'])
})

test('of all partitions, those that need no election are not told', () => {
  const decision = decideElections(scene, 'preferred', null)
  assert.deepEqual(answersOf(decision), [
    [
      [1, ...done],
      [2, ...notPreferred],
      [3, ...notPreferred],
      [4, ...notPreferred]
    ]
  ])
})

test('what is not there is told by name', () => {
  const decision = decideElections(scene, 'preferred', [
    { topic: 'other', partitions: [0] },
    { topic: 't', partitions: [5] }
  ])
  const error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  assert.deepEqual(answersOf(decision), [
    [[0, error, 'No such topic as other']],
    [[5, error, 'No such partition as t-5']]
  ])
  assert.deepEqual(decision.records, [])
})

test('leaders are balanced as many at a time as is said', () => {
  const three = sceneOf({ topics: { t: [imbalanced, balanced, imbalanced, imbalanced] } })
  const then = shortlyAfter(three, balancingElections(three, 2))
  assert.deepEqual(then, ['1/1,2,3/ epoch +1', '1/1,2,3/', '1/1,2,3/ epoch +1', '2/1,2,3/'])
  assert.deepEqual(balancingElections(scene, 9).length, 1)
})

test('whoever lives leads what nobody leads, where the topic allows it', () => {
  const config = { 'unclean.leader.election.enable': 'true' }
  const topics = { t: [lost, balanced, lost], careful: [lost] }
  const both = sceneOf({ topics, configs: { t: config }, states: { 3: 'fenced' } })
  assert.deepEqual(shortlyAfter(both, uncleanElections(both, 9)), [
    '1/1/ recovering epoch +1',
    '1/1,2,3/',
    '1/1/ recovering epoch +1'
  ])
  assert.deepEqual(shortlyAfter(both, uncleanElections(both, 9), 'careful'), ['-1/3/ last 3'])
  assert.equal(uncleanElections(both, 1).length, 1)
})

test('after a start everybody who is followed begins an epoch, the preferred leader first, and only who has everything', () => {
  const alone = { replicas: [1] }
  const left = {
    replicas: [1],
    leader: -1,
    inSyncReplicas: [],
    eligibleLeaderReplicas: [1],
    lastKnownEligibleLeaderReplicas: [1]
  }
  const start = sceneOf({
    topics: { t: [balanced, imbalanced, away, { leader: 3 }, alone, left, lost] },
    states: { 3: 'fenced' }
  })
  assert.deepEqual(shortlyAfter(start, startElections(start)), [
    '1/1,2,3/ epoch +1',
    '1/1,2,3/ epoch +1',
    '2/2,3/ epoch +1',
    '1/1,2,3/ epoch +1',
    '1/1/',
    '1/1/ epoch +1',
    '-1/3/ last 3'
  ])
})
