import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import type { AskedOffsets } from '../../../../src/coordination/groups/offsets/fetch.ts'
import { offsetCommitRecord } from '../../../../src/coordination/groups/records.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import {
  caller,
  commitRequest,
  commitTopic,
  config,
  coordinatorOn,
  heartbeatRequest,
  joinRequest,
  readable,
  setup,
  syncRequest,
  topicId,
  topics
} from '../setup.ts'

const day = 86_400_000
const old = caller(3)

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
})

async function commit(coordinator: GroupCoordinator, changes: Parameters<typeof commitRequest>[0] = {}, version = 8) {
  const answer = await coordinator.commitOffsets(commitRequest(changes), caller(version))
  return answer.topics.map(({ name, partitions }) => [
    name,
    ...partitions.map(({ partitionIndex: index, errorCode }) => [index, errorCode])
  ])
}

async function committed(coordinator: GroupCoordinator, groupId = 'g') {
  const { topics: found } = await coordinator.fetchOffsets({ groupId, topics: null, requireStable: false })
  return found.flatMap(({ name, partitions }) =>
    partitions.map((partition) => [name, partition.partitionIndex, partition.committedOffset])
  )
}

async function stableMember(coordinator: GroupCoordinator, changes: Parameters<typeof joinRequest>[0] = {}) {
  const { memberId } = await coordinator.joinGroup(joinRequest(changes), old)
  await coordinator.syncGroup(syncRequest({ memberId, protocolType: null, protocolName: null }), old)
  return memberId
}

test('anyone may commit for a group without members, and it is there after a restart', async () => {
  const { coordinator, clock, log } = await setup()
  assert.deepEqual(await commit(coordinator), [['t1', [0, ErrorCode.NONE]]])
  const committedOffset = {
    offset: 5,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: clock.nowMs(),
    expireTimestampMs: null
  }
  assert.deepEqual(readable(log.records), [
    {
      kind: 'offset',
      place: { groupId: 'g', topic: 't1', partition: 0 },
      value: { ...committedOffset, topicId: topicId('t1') }
    }
  ])
  assert.deepEqual(await committed(await coordinatorOn(log, clock)), [['t1', 0, 5]])
})

test('each partition has its own error, refusals first', async () => {
  const { coordinator, log } = await setup()
  const long = commitTopic('t1', [[1, 7]]).partitions.map((partition) => ({
    ...partition,
    committedMetadata: 'x'.repeat(4097)
  }))
  const t1 = commitTopic('t1', [
    [0, 5],
    [9, 6]
  ])
  const asLongAsAllowed = t1.partitions.map((partition) => ({ ...partition, committedMetadata: 'x'.repeat(4096) }))
  const request = { topics: [{ ...t1, partitions: [...asLongAsAllowed, ...long] }, commitTopic('none', [[0, 1]])] }
  assert.deepEqual(await commit(coordinator, request), [
    ['t1', [9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION], [0, ErrorCode.NONE], [1, ErrorCode.OFFSET_METADATA_TOO_LARGE]],
    ['none', [0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]]
  ])
  assert.equal(log.records.length, 1)
})

test('members commit for their generation alone, and not while it is being assigned', async () => {
  const { coordinator } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), old)
  const error = async (changes: object, version = 8) => (await commit(coordinator, changes, version))[0]?.[1]
  const mine = { memberId, generationIdOrMemberEpoch: 1 }
  assert.deepEqual(await error(mine), [0, ErrorCode.REBALANCE_IN_PROGRESS])
  await coordinator.syncGroup(syncRequest({ memberId }), caller(5))
  assert.deepEqual(await error(mine), [0, ErrorCode.NONE])
  for (const generationIdOrMemberEpoch of [0, 2]) {
    assert.deepEqual(await error({ ...mine, generationIdOrMemberEpoch }), [0, ErrorCode.ILLEGAL_GENERATION])
    const beat = heartbeatRequest({ memberId, generationId: generationIdOrMemberEpoch })
    assert.equal((await coordinator.heartbeat(beat)).errorCode, ErrorCode.ILLEGAL_GENERATION)
  }
  assert.deepEqual(await error({ ...mine, memberId: 'who' }), [0, ErrorCode.UNKNOWN_MEMBER_ID])
  assert.deepEqual(await error({}), [0, ErrorCode.UNKNOWN_MEMBER_ID])
  const missing = { groupId: 'none', memberId: 'who', generationIdOrMemberEpoch: 3 }
  assert.deepEqual(await error(missing, 8), [0, ErrorCode.ILLEGAL_GENERATION])
  assert.deepEqual(await error(missing, 9), [0, ErrorCode.GROUP_ID_NOT_FOUND])
})

test('from version 10 on topics go by their ids', async () => {
  const { coordinator } = await setup()
  const unknown = { ...commitTopic('', [[0, 1]]), topicId: topicId('gone') }
  const request = commitRequest({ topics: [{ ...commitTopic('t1', [[1, 3]]), name: '' }, unknown] })
  const { topics: answers } = await coordinator.commitOffsets(request, caller(10))
  assert.deepEqual(
    answers.map(({ topicId: id, partitions }) => [id, partitions[0]?.errorCode]),
    [
      [topicId('gone'), ErrorCode.UNKNOWN_TOPIC_ID],
      [topicId('t1'), ErrorCode.NONE]
    ]
  )
  const asked = [topicId('t1'), topicId('gone')].map((id) => ({ topicId: id, partitionIndexes: [1] }))
  const { topics: found } = await coordinator.fetchOffsets({ groupId: 'g', topics: asked, requireStable: false })
  assert.deepEqual(
    found.map(({ partitions }) => [partitions[0]?.committedOffset, partitions[0]?.errorCode]),
    [
      [3, ErrorCode.NONE],
      [-1, ErrorCode.UNKNOWN_TOPIC_ID]
    ]
  )
})

test('what was never committed is -1 and no error, even in a group that is not there', async () => {
  const { coordinator } = await setup()
  const asked = { groupId: 'none', topics: [{ name: 'none', partitionIndexes: [4] }], requireStable: true }
  const nothing = {
    partitionIndex: 4,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: ErrorCode.NONE
  }
  const { topics: found, errorCode } = await coordinator.fetchOffsets(asked)
  assert.deepEqual([errorCode, found], [ErrorCode.NONE, [{ name: 'none', partitions: [nothing] }]])
})

test('offsets of a deleted topic go with it', async () => {
  const { coordinator, clock, log } = await setup()
  await commit(coordinator, { topics: [commitTopic('t1', [[0, 1]]), commitTopic('t2', [[1, 2]])] })
  coordinator.onTopicsDeleted(['t1', 'never committed'])
  assert.deepEqual(await committed(coordinator), [['t2', 1, 2]])
  assert.deepEqual(await committed(await coordinatorOn(log, clock)), [['t2', 1, 2]])
})

test('offsets of a topic that consumers are subscribed to cannot be deleted', async () => {
  const { coordinator } = await setup()
  const memberId = await stableMember(coordinator)
  const both = [commitTopic('t1', [[0, 1]]), commitTopic('t2', [[0, 2]])]
  await commit(coordinator, { memberId, generationIdOrMemberEpoch: 1, topics: both })
  const request = {
    groupId: 'g',
    topics: ['t1', 't2', 'none'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
  }
  const { errorCode, topics: answers } = await coordinator.deleteOffsets(request)
  assert.equal(errorCode, ErrorCode.NONE)
  const errors = new Map(answers.map(({ name, partitions }) => [name, partitions[0]?.errorCode]))
  assert.equal(errors.get('t1'), ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC)
  assert.equal(errors.get('t2'), ErrorCode.NONE)
  assert.equal(errors.get('none'), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.deepEqual(await committed(coordinator), [['t1', 0, 1]])
})

test('deleting offsets needs a group, and one whose members are consumers or gone', async () => {
  const { coordinator } = await setup()
  const of = async (groupId: string) => (await coordinator.deleteOffsets({ groupId, topics: [] })).errorCode
  await stableMember(coordinator, { groupId: 'g', protocolType: 'connect' })
  assert.equal(await of('g'), ErrorCode.NON_EMPTY_GROUP)
  assert.equal(await of('none'), ErrorCode.GROUP_ID_NOT_FOUND)
  assert.equal(await of(''), ErrorCode.INVALID_GROUP_ID)
})

test('offsets that nobody uses expire after the retention, and the group with the last of them', async () => {
  const { coordinator, clock } = await setup()
  await commit(coordinator, { topics: [commitTopic('t1', [[0, 1]])] })
  clock.advance(4 * day)
  await commit(coordinator, { topics: [commitTopic('t1', [[1, 2]])] })
  clock.advance(3 * day + config.offsetsRetentionCheckIntervalMs)
  assert.deepEqual(await committed(coordinator), [['t1', 1, 2]])
  clock.advance(4 * day)
  assert.deepEqual(await coordinator.list({ states: [], types: [] }), [])
})

test('the offsets of a group expire only after it has been empty for the retention', async () => {
  const { coordinator, clock } = await setup()
  const memberId = await stableMember(coordinator, { sessionTimeoutMs: 1_800_000, protocolType: 'consumer' })
  await commit(coordinator, { memberId, generationIdOrMemberEpoch: 1 })
  for (let count = 0; count < 8 * 48; count++) {
    clock.advance(day / 48 - 1)
    await coordinator.heartbeat({ groupId: 'g', generationId: 1, memberId, groupInstanceId: null })
  }
  await coordinator.leaveGroup('g', [{ memberId, groupInstanceId: null }])
  clock.advance(6.9 * day)
  assert.deepEqual(await committed(coordinator), [['t1', 0, 5]])
  clock.advance(0.1 * day + config.offsetsRetentionCheckIntervalMs)
  assert.deepEqual(await committed(coordinator), [])
})

test('a retention that the client asked for is its own clock', async () => {
  const { coordinator, clock, log } = await setup()
  await commit(coordinator, { retentionTimeMs: day }, 4)
  clock.advance(day - 1)
  assert.deepEqual(await committed(await coordinatorOn(log, clock)), [['t1', 0, 5]])
  clock.advance(config.offsetsRetentionCheckIntervalMs)
  assert.deepEqual(await committed(coordinator), [])
})

test('an offset of a topic that was made anew under the same name is not given for its id', async () => {
  const { log, clock } = await setup()
  const former = { offset: 3, leaderEpoch: 0, metadata: '', commitTimestampMs: 0, expireTimestampMs: null }
  const place = { groupId: 'g', topic: 't1', partition: 0 }
  log.append([offsetCommitRecord(place, { ...former, topicId: topicId('former t1') })])
  const asked = { groupId: 'g', topics: [{ topicId: topicId('t1'), partitionIndexes: [0] }], requireStable: true }
  const { topics: found } = await (await coordinatorOn(log, clock)).fetchOffsets(asked)
  assert.equal(found[0]?.partitions[0]?.committedOffset, -1)
})

/** A group with offset 5 of t1-0, and offset 9 of t1-0 and of t1-1 in a transaction that a real Kafka left open. */
async function withOpenTransaction() {
  const { log, clock } = await setup()
  const value = { leaderEpoch: -1, metadata: '', commitTimestampMs: clock.nowMs(), expireTimestampMs: null }
  const record = (partition: number, offset: number) =>
    offsetCommitRecord({ groupId: 'g', topic: 't1', partition }, { ...value, offset, topicId: topicId('t1') })
  log.append([record(0, 5)])
  log.appendWithin({ producerId: 7 }, [record(0, 9), record(1, 9)])
  return { log, clock, coordinator: await coordinatorOn(log, clock) }
}

async function stableOffsets(coordinator: GroupCoordinator, topics: AskedOffsets['topics']) {
  const { topics: found } = await coordinator.fetchOffsets({ groupId: 'g', topics, requireStable: true })
  return found.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, errorCode }) => [partitionIndex, committedOffset, errorCode])
  )
}

test('who wants stable offsets is told of those that an open transaction may change, and of no others', async () => {
  const { coordinator } = await withOpenTransaction()
  const { UNSTABLE_OFFSET_COMMIT } = ErrorCode
  const each = [
    [0, -1, UNSTABLE_OFFSET_COMMIT],
    [1, -1, UNSTABLE_OFFSET_COMMIT],
    [2, -1, ErrorCode.NONE]
  ]
  const partitionIndexes = [0, 1, 2]
  assert.deepEqual(await stableOffsets(coordinator, [{ name: 't1', partitionIndexes }]), each)
  assert.deepEqual(await stableOffsets(coordinator, [{ topicId: topicId('t1'), partitionIndexes }]), each)
  assert.deepEqual(await stableOffsets(coordinator, null), [[0, -1, UNSTABLE_OFFSET_COMMIT]])
  assert.deepEqual(await committed(coordinator), [['t1', 0, 5]])
})

test('an offset that an open transaction may change does not expire, nor does its group', async () => {
  const { coordinator, clock } = await withOpenTransaction()
  clock.advance(30 * day)
  assert.deepEqual(await committed(coordinator), [['t1', 0, 5]])
})

test('a group whose offsets have expired but for those in an open transaction is there when they are committed', async () => {
  const { log, clock } = await setup()
  const old = { leaderEpoch: -1, metadata: '', commitTimestampMs: clock.nowMs(), expireTimestampMs: null }
  const record = (partition: number) =>
    offsetCommitRecord({ groupId: 'g', topic: 't1', partition }, { ...old, offset: 5, topicId: topicId('t1') })
  log.append([record(0)])
  log.appendWithin({ producerId: 7 }, [record(1)])
  const coordinator = await coordinatorOn(log, clock)
  clock.advance(30 * day)
  assert.deepEqual(await committed(coordinator), [])
  const marker = {
    producerId: 7,
    producerEpoch: 1,
    coordinatorEpoch: 0,
    outcome: 'commit',
    transactionVersion: 2
  } as const
  await coordinator.endTransaction(marker)
  for (const one of [coordinator, await coordinatorOn(log, clock)]) {
    assert.deepEqual(await committed(one), [['t1', 1, 5]])
    assert.deepEqual(
      (await one.list({ states: [], types: [] })).map(({ groupId }) => groupId),
      ['g']
    )
  }
})

const waysToDelete: Readonly<Record<string, (coordinator: GroupCoordinator) => unknown>> = {
  'its group': (coordinator) => coordinator.deleteGroup('g'),
  'its topic': (coordinator) => coordinator.onTopicsDeleted(['t1']),
  'its partitions': (coordinator) =>
    coordinator.deleteOffsets({
      groupId: 'g',
      topics: [{ name: 't1', partitions: [0, 1].map((partitionIndex) => ({ partitionIndex })) }]
    })
}

for (const [what, remove] of Object.entries(waysToDelete)) {
  test(`offsets in an open transaction are deleted with ${what}, so that they do not come back with its end`, async () => {
    const { coordinator, log } = await withOpenTransaction()
    const before = log.records.length
    await remove(coordinator)
    const deleted = readable(log.records.slice(before)).flatMap((record) =>
      record.kind === 'offset' && record.value === null ? [record.place.partition] : []
    )
    assert.deepEqual([...new Set(deleted)].sort(), [0, 1])
    const asked = [{ name: 't1', partitionIndexes: [0, 1] }]
    assert.deepEqual(await stableOffsets(coordinator, asked), [
      [0, -1, ErrorCode.NONE],
      [1, -1, ErrorCode.NONE]
    ])
  })
}
