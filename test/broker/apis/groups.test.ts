/** The APIs of consumer groups on a whole broker in memory, in every version that they are served in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteGroupsRequest } from '../../../src/protocol/generated/api/delete-groups-request.ts'
import { DeleteGroupsResponse } from '../../../src/protocol/generated/api/delete-groups-response.ts'
import { DeleteTopicsRequest } from '../../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../../src/protocol/generated/api/delete-topics-response.ts'
import { DescribeGroupsRequest } from '../../../src/protocol/generated/api/describe-groups-request.ts'
import { DescribeGroupsResponse } from '../../../src/protocol/generated/api/describe-groups-response.ts'
import { HeartbeatRequest } from '../../../src/protocol/generated/api/heartbeat-request.ts'
import { HeartbeatResponse } from '../../../src/protocol/generated/api/heartbeat-response.ts'
import { JoinGroupRequest } from '../../../src/protocol/generated/api/join-group-request.ts'
import { JoinGroupResponse } from '../../../src/protocol/generated/api/join-group-response.ts'
import { LeaveGroupRequest } from '../../../src/protocol/generated/api/leave-group-request.ts'
import { LeaveGroupResponse } from '../../../src/protocol/generated/api/leave-group-response.ts'
import { ListGroupsRequest } from '../../../src/protocol/generated/api/list-groups-request.ts'
import { ListGroupsResponse } from '../../../src/protocol/generated/api/list-groups-response.ts'
import { OffsetCommitRequest } from '../../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetDeleteRequest } from '../../../src/protocol/generated/api/offset-delete-request.ts'
import { OffsetDeleteResponse } from '../../../src/protocol/generated/api/offset-delete-response.ts'
import { OffsetFetchRequest } from '../../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../../src/protocol/generated/api/offset-fetch-response.ts'
import { SyncGroupRequest } from '../../../src/protocol/generated/api/sync-group-request.ts'
import { SyncGroupResponse } from '../../../src/protocol/generated/api/sync-group-response.ts'
import { ask, startBroker } from './setup.ts'

const subscription = Buffer.from('0000000000010002743100000000', 'hex')
const assignment = Buffer.from('0000000000010002743100000001000000000000', 'hex')

async function startWithTopic(disk = new MemoryDisk()): Promise<Broker> {
  const broker = await startBroker({}, disk)
  await createTopic(broker)
  return broker
}

async function createTopic(broker: Broker): Promise<void> {
  const topic = { name: 't1', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 1000, validateOnly: false }
  const { topics } = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  assert.deepEqual(
    topics.map(({ errorCode }) => errorCode),
    [ErrorCode.NONE]
  )
}

function joining(groupId: string, memberId: string): JoinGroupRequest {
  const protocols = [{ name: 'range', metadata: subscription }]
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 }
  return { groupId, memberId, groupInstanceId: null, protocolType: 'consumer', protocols, reason: null, ...timeouts }
}

function committing(groupId: string, memberId: string, generation: number, topicId: string): OffsetCommitRequest {
  const partition = { partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: -1, committedMetadata: 'm' }
  const topics = [{ name: 't1', topicId, partitions: [partition] }]
  return {
    ...{ groupId, memberId, generationIdOrMemberEpoch: generation, groupInstanceId: null, retentionTimeMs: -1 },
    topics
  }
}

function fetching(groupId: string, version: number, topicId: string): OffsetFetchRequest {
  const topics = [{ name: 't1', topicId, partitionIndexes: [1] }]
  return version < 8
    ? { groupId, topics, groups: [], requireStable: false }
    : { groupId: '', topics: [], groups: [{ groupId, topics }], requireStable: false }
}

/** The versions from `lowest` to `highest`, walked by one number: it stops at the ends. */
const within = (version: number, lowest: number, highest: number) => Math.min(Math.max(version, lowest), highest)

for (let version = 0; version <= 10; version++) {
  test(`a consumer joins, commits, leaves and is deleted: version ${version} of each API, or the nearest it has`, async () => {
    const broker = await startWithTopic()
    assert.ok(await broker.ensureGroupCoordinators())
    const topicId = broker.topicNames.idOf('t1') ?? ''
    const groupId = 'g'
    const joinVersion = within(version, 0, 9)
    const join = (id: string) => ask(broker, JoinGroupRequest, JoinGroupResponse, joinVersion, joining(groupId, id))
    const first = await join('')
    assert.equal(first.errorCode, joinVersion >= 4 ? ErrorCode.MEMBER_ID_REQUIRED : ErrorCode.NONE)
    const joined = joinVersion >= 4 ? await join(first.memberId) : first
    const { memberId } = joined
    assert.match(memberId, /^client-[0-9a-f-]{36}$/)
    assert.deepEqual(joined, {
      ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, generationId: 1, protocolName: 'range', leader: memberId },
      ...{ protocolType: joinVersion >= 7 ? 'consumer' : null, skipAssignment: false, memberId },
      members: [{ memberId, groupInstanceId: null, metadata: subscription }]
    })

    const member = { groupId, generationId: 1, memberId, groupInstanceId: null }
    const syncVersion = within(version, 0, 5)
    const synced = await ask(broker, SyncGroupRequest, SyncGroupResponse, syncVersion, {
      ...{ ...member, protocolType: syncVersion >= 5 ? 'consumer' : null },
      ...{ protocolName: syncVersion >= 5 ? 'range' : null, assignments: [{ memberId, assignment }] }
    })
    assert.deepEqual([synced.errorCode, synced.assignment], [ErrorCode.NONE, assignment])

    const alive = await ask(broker, HeartbeatRequest, HeartbeatResponse, within(version, 0, 4), member)
    assert.equal(alive.errorCode, ErrorCode.NONE)

    const commitVersion = within(version, 2, 10)
    const commit = committing(groupId, memberId, 1, topicId)
    const committed = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, commitVersion, commit)
    assert.deepEqual(committed.topics[0]?.partitions, [{ partitionIndex: 1, errorCode: ErrorCode.NONE }])
    assert.deepEqual(await fetched(broker, groupId, within(version, 1, 10), topicId), [42, 'm', ErrorCode.NONE])

    const described = await ask(broker, DescribeGroupsRequest, DescribeGroupsResponse, within(version, 0, 6), {
      ...{ groups: [groupId], includeAuthorizedOperations: false }
    })
    const [group] = described.groups
    assert.deepEqual(
      [group?.groupState, group?.protocolData, group?.members[0]?.memberId],
      ['Stable', 'range', memberId]
    )

    const listed = await ask(broker, ListGroupsRequest, ListGroupsResponse, within(version, 0, 5), {})
    assert.deepEqual(
      listed.groups.map(({ groupId: id, protocolType }) => [id, protocolType]),
      [[groupId, 'consumer']]
    )
    const deleting = { groupId, topics: [{ name: 't1', partitions: [{ partitionIndex: 1 }] }] }
    const kept = await ask(broker, OffsetDeleteRequest, OffsetDeleteResponse, 0, deleting)
    assert.equal(kept.topics[0]?.partitions[0]?.errorCode, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC)

    const left = await ask(broker, LeaveGroupRequest, LeaveGroupResponse, within(version, 0, 5), {
      ...{ groupId, memberId: version < 3 ? memberId : '' },
      members: version < 3 ? [] : [{ memberId, groupInstanceId: null, reason: null }]
    })
    assert.deepEqual([left.errorCode, ...left.members.map(({ errorCode }) => errorCode)], version < 3 ? [0] : [0, 0])

    const deleteVersion = within(version, 0, 3)
    const deletion = { groupsNames: [groupId, 'none'] }
    const { results } = await ask(broker, DeleteGroupsRequest, DeleteGroupsResponse, deleteVersion, deletion)
    const errors = Object.fromEntries(results.map(({ groupId: id, errorCode }) => [id, errorCode]))
    assert.deepEqual(errors, { [groupId]: ErrorCode.NONE, none: ErrorCode.GROUP_ID_NOT_FOUND })
    assert.deepEqual(await fetched(broker, groupId, within(version, 1, 10), topicId), [-1, '', ErrorCode.NONE])
    await broker.stop()
  })
}

async function fetched(broker: Broker, groupId: string, version: number, topicId: string) {
  const request = fetching(groupId, version, topicId)
  const { topics, groups } = await ask(broker, OffsetFetchRequest, OffsetFetchResponse, version, request)
  const partition = (groups[0]?.topics ?? topics)[0]?.partitions[0]
  return [partition?.committedOffset, partition?.metadata, partition?.errorCode]
}

test('while there are no coordinators everyone is sent to look for one', async () => {
  const broker = await startWithTopic()
  const topicId = broker.topicNames.idOf('t1') ?? ''
  const member = { groupId: 'g', generationId: 1, memberId: 'a', groupInstanceId: null }
  const { NOT_COORDINATOR } = ErrorCode
  for (let version = 0; version <= 10; version++) {
    const joined = await ask(broker, JoinGroupRequest, JoinGroupResponse, within(version, 0, 9), joining('g', ''))
    const synced = await ask(broker, SyncGroupRequest, SyncGroupResponse, within(version, 0, 5), {
      ...{ ...member, protocolType: 'consumer', protocolName: 'range', assignments: [] },
      ...(version < 5 ? { protocolType: null, protocolName: null } : {})
    })
    const alive = await ask(broker, HeartbeatRequest, HeartbeatResponse, within(version, 0, 4), member)
    const left = await ask(broker, LeaveGroupRequest, LeaveGroupResponse, within(version, 0, 5), {
      ...{ groupId: 'g', memberId: version < 3 ? 'a' : '' },
      members: version < 3 ? [] : [{ memberId: 'a', groupInstanceId: null, reason: null }]
    })
    for (const { errorCode } of [joined, synced, alive, left]) assert.equal(errorCode, NOT_COORDINATOR)

    const commit = committing('g', '', -1, topicId)
    const committed = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, within(version, 2, 10), commit)
    assert.equal(committed.topics[0]?.partitions[0]?.errorCode, NOT_COORDINATOR)

    const fetchVersion = within(version, 1, 10)
    const fetch = fetching('g', fetchVersion, topicId)
    const { groups, errorCode, topics } = await ask(
      broker,
      OffsetFetchRequest,
      OffsetFetchResponse,
      fetchVersion,
      fetch
    )
    const partitionError = topics[0]?.partitions[0]?.errorCode
    assert.equal(
      fetchVersion < 2 ? partitionError : fetchVersion < 8 ? errorCode : groups[0]?.errorCode,
      NOT_COORDINATOR
    )

    const describe = { groups: ['g'], includeAuthorizedOperations: version >= 3 }
    const describeVersion = within(version, 0, 6)
    const described = await ask(broker, DescribeGroupsRequest, DescribeGroupsResponse, describeVersion, describe)
    assert.equal(described.groups[0]?.errorCode, NOT_COORDINATOR)
    const listed = await ask(broker, ListGroupsRequest, ListGroupsResponse, within(version, 0, 5), {})
    assert.deepEqual([listed.errorCode, listed.groups], [ErrorCode.NONE, []])
    const deletion = { groupsNames: ['g'] }
    const deleted = await ask(broker, DeleteGroupsRequest, DeleteGroupsResponse, within(version, 0, 3), deletion)
    assert.equal(deleted.results[0]?.errorCode, NOT_COORDINATOR)
  }
  const deleting = { groupId: 'g', topics: [{ name: 't1', partitions: [{ partitionIndex: 1 }] }] }
  const kept = await ask(broker, OffsetDeleteRequest, OffsetDeleteResponse, 0, deleting)
  assert.deepEqual([kept.errorCode, kept.topics], [NOT_COORDINATOR, []])
  await broker.stop()
})

test('what does not exist is told even while there is no coordinator', async () => {
  const broker = await startWithTopic()
  const commit = committing('g', '', -1, '')
  const topics = [...commit.topics.map((topic) => ({ ...topic, name: 'none' })), ...commit.topics]
  const request = { ...commit, topics: topics.map(({ name, partitions }) => ({ name, partitions })) }
  const committed = await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 9, request)
  assert.deepEqual(
    committed.topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode]),
    [
      ['none', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      ['t1', ErrorCode.NOT_COORDINATOR]
    ]
  )
  await broker.stop()
})

test('after a restart of the broker a member goes on in its generation, from the offsets that it committed', async () => {
  const disk = new MemoryDisk()
  const before = await startWithTopic(disk)
  assert.ok(await before.ensureGroupCoordinators())
  const topicId = before.topicNames.idOf('t1') ?? ''
  const { memberId } = await ask(before, JoinGroupRequest, JoinGroupResponse, 3, joining('g', ''))
  const member = { groupId: 'g', generationId: 1, memberId, groupInstanceId: null }
  const sync = { ...member, protocolType: null, protocolName: null, assignments: [{ memberId, assignment }] }
  await ask(before, SyncGroupRequest, SyncGroupResponse, 3, sync)
  await ask(before, OffsetCommitRequest, OffsetCommitResponse, 9, committing('g', memberId, 1, topicId))
  await before.stop()

  const after = await startBroker({}, disk)
  const alive = await ask(after, HeartbeatRequest, HeartbeatResponse, 4, member)
  assert.equal(alive.errorCode, ErrorCode.NONE)
  const again = await ask(after, SyncGroupRequest, SyncGroupResponse, 3, { ...sync, assignments: [] })
  assert.deepEqual([again.errorCode, again.assignment], [ErrorCode.NONE, assignment])
  assert.deepEqual(await fetched(after, 'g', 10, topicId), [42, 'm', ErrorCode.NONE])
  await after.stop()
})

test('offsets of a deleted topic go with it, and do not come back with another topic of that name', async () => {
  const broker = await startWithTopic()
  assert.ok(await broker.ensureGroupCoordinators())
  const topicId = broker.topicNames.idOf('t1') ?? ''
  await ask(broker, OffsetCommitRequest, OffsetCommitResponse, 9, committing('g', '', -1, topicId))
  assert.deepEqual(await fetched(broker, 'g', 9, topicId), [42, 'm', ErrorCode.NONE])
  const deletion = { topicNames: ['t1'], topics: [], timeoutMs: 1000 }
  const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 5, deletion)
  assert.equal(responses[0]?.errorCode, ErrorCode.NONE)
  await createTopic(broker)
  assert.deepEqual(await fetched(broker, 'g', 9, topicId), [-1, '', ErrorCode.NONE])
  assert.deepEqual(await fetched(broker, 'g', 10, topicId), [-1, '', ErrorCode.UNKNOWN_TOPIC_ID])
  await broker.stop()
})

test('the segments of what groups commit are as large as offsets.topic.segment.bytes says', async () => {
  const broker = await startBroker({ 'offsets.topic.segment.bytes': '2097152', 'offsets.topic.num.partitions': '1' })
  assert.ok(await broker.ensureGroupCoordinators())
  assert.equal(broker.replica('__consumer_offsets', 0)?.log.config.segmentBytes, 2_097_152)
  await broker.stop()
})
