/** Share groups over a log in memory: who is told what, in which epoch, and what share coordinators are asked meanwhile. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { InitializeRequest } from '../../../../src/coordination/share-states/initialize.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { caller, commitRequest, joinRequest, noPersister, readable, topicId, topics } from '../setup.ts'
import { beat, Member, namesOf, settled, setup } from './setup.ts'

const everything = ['t1-0', 't1-1', 't2-0', 't2-1']
const { NONE, GROUP_ID_NOT_FOUND, INVALID_REQUEST, NON_EMPTY_GROUP, UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH } = ErrorCode

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  topics.counts.clear()
})

/** A group with one member that reads everything. */
async function stable(...settings: Parameters<typeof setup>) {
  const all = await setup(...settings)
  const member = new Member(all.coordinator, 'a')
  await member.join()
  await settled()
  await member.beat()
  return { ...all, member }
}

test('who joins first is told of no partitions, and of all of them once they are initialized', async () => {
  const { coordinator, states } = await setup()
  const member = new Member(coordinator, 'a')
  const joined = await member.join()
  assert.deepEqual([joined.errorCode, joined.memberEpoch, joined.heartbeatIntervalMs], [NONE, 2, 1000])
  assert.deepEqual(namesOf(joined.assignment), [])
  await settled()
  assert.equal(states.size, 4)
  await member.beat()
  assert.deepEqual([member.epoch, member.partitions], [3, everything])
  assert.equal((await member.beat()).assignment, null, 'nothing new is not told')
})

test('the records of a join and of what follows are those of Kafka, in its order', async () => {
  const { log } = await stable()
  const kinds = readable(log.records).map(({ kind }) => kind.replace('share ', ''))
  const join = ['member', 'group', 'target', 'assignment', 'current', 'state partitions']
  assert.deepEqual(kinds, [...join, 'state partitions', 'group', 'target', 'assignment', 'current'])
})

test('a share partition is initialized in the epoch of the group, and its leader is to find where it begins', async () => {
  const asked: InitializeRequest[] = []
  const { load } = await setup()
  const coordinator = await load({
    ...noPersister,
    initialize: (request) => {
      asked.push(request)
      return Promise.resolve({ errorCode: NONE, errorMessage: null })
    }
  })
  await new Member(coordinator, 'a', ['t1']).join()
  await settled()
  const key = { groupId: 'g', topicId: topicId('t1') }
  assert.deepEqual(
    asked.map(({ key: { partition }, ...rest }) => ({ ...rest, partition })),
    [0, 1].map((partition) => ({ partition, stateEpoch: 2, startOffset: -1 }))
  )
  assert.deepEqual(asked[0]?.key, { ...key, partition: 0 })
})

test('a second member is assigned at once, and the first hears of it at its next heartbeat', async () => {
  const { coordinator, member } = await stable()
  const second = new Member(coordinator, 'b')
  await second.join()
  assert.equal(second.partitions.length, 2)
  await member.beat()
  assert.deepEqual([...member.partitions, ...second.partitions].sort(), everything)
  assert.equal(member.epoch, second.epoch)
})

test('with more members than partitions each member has one, and partitions are shared', async () => {
  const { coordinator, member } = await stable()
  const others = ['b', 'c', 'd', 'e', 'f'].map((id) => new Member(coordinator, id))
  for (const other of others) await other.join()
  const members = [member, ...others]
  for (const one of members) await one.beat()
  assert.ok(members.every(({ partitions }) => partitions.length >= 1))
  assert.deepEqual([...new Set(members.flatMap(({ partitions }) => partitions))].sort(), everything)
})

test('the epoch before is still good, any other is fenced in Kafka’s words', async () => {
  const { member } = await stable()
  assert.equal((await member.beat({ memberEpoch: 2 })).memberEpoch, 3)
  const older = await member.beat({ memberEpoch: 1 })
  assert.equal(older.errorCode, FENCED_MEMBER_EPOCH)
  assert.equal(
    older.errorMessage,
    'The share group member has a smaller member epoch (1) than the one known by the group coordinator (3), and it does not match the previous member epoch (2). The member must abandon all its partitions and rejoin.'
  )
  const newer = await member.beat({ memberEpoch: 4 })
  assert.equal(
    newer.errorMessage,
    'The share group member has a greater member epoch (4) than the one known by the group coordinator (3). The member must abandon all its partitions and rejoin.'
  )
})

test('what a heartbeat lacks is told in Kafka’s words', async () => {
  const { coordinator } = await setup()
  const message = async (memberId: string, fields: Parameters<typeof beat>[2]) => {
    const { errorCode, errorMessage } = await beat(coordinator, memberId, fields)
    return [errorCode, errorMessage ?? null]
  }
  const subscribedTopicNames = ['t1']
  assert.deepEqual(await message('', { subscribedTopicNames }), [INVALID_REQUEST, null])
  assert.deepEqual(await message(' ', { subscribedTopicNames }), [INVALID_REQUEST, "MemberId can't be empty."])
  assert.deepEqual(await message('a', { groupId: '' }), [INVALID_REQUEST, "GroupId can't be empty."])
  assert.deepEqual(await message('a', { rackId: '' }), [INVALID_REQUEST, "RackId can't be empty."])
  assert.deepEqual(await message('a', { memberEpoch: -2 }), [INVALID_REQUEST, 'MemberEpoch is invalid.'])
  const unset = [INVALID_REQUEST, 'SubscribedTopicNames must be set in first request.']
  assert.deepEqual(await message('a', {}), unset)
  assert.deepEqual(await message('a', { subscribedTopicNames: [] }), unset)
  assert.deepEqual(await message('a', { memberEpoch: 1 }), [GROUP_ID_NOT_FOUND, 'Share group g not found.'])
  assert.deepEqual(await message('a', { memberEpoch: -1 }), [GROUP_ID_NOT_FOUND, 'Group g not found.'])
})

test('a member that leaves leaves its partitions to the others, and an empty group waits for the next', async () => {
  const { coordinator, member } = await stable()
  const second = new Member(coordinator, 'b')
  await second.join()
  const left = await member.leave()
  assert.deepEqual([left.errorCode, left.memberEpoch, left.heartbeatIntervalMs], [NONE, -1, 0])
  assert.equal((await member.leave()).errorMessage, 'Member a is not a member of group g.')
  await second.beat()
  assert.deepEqual(second.partitions, everything)
  await second.leave()
  const described = await coordinator.share.describe('g')
  assert.deepEqual([described.groupState, described.groupEpoch, described.assignmentEpoch], ['Empty', 6, 6])
  const third = new Member(coordinator, 'c')
  await third.join()
  assert.deepEqual(third.partitions, everything, 'what is initialized needs no more waiting')
})

test('a member that is not heard of for its session is taken out, and one of before a restart has a whole one', async () => {
  const { coordinator, clock, member, load } = await stable()
  clock.advance(44_000)
  assert.equal((await member.beat()).errorCode, NONE)
  clock.advance(44_999)
  assert.equal((await coordinator.share.describe('g')).members.length, 1)
  coordinator.close()
  const next = await load()
  clock.advance(44_999)
  assert.equal((await next.share.describe('g')).members.length, 1)
  clock.advance(1)
  assert.equal((await next.share.describe('g')).groupState, 'Empty')
})

test('after a restart members go on in their epochs, with what they had', async () => {
  const { coordinator, member, load } = await stable()
  coordinator.close()
  const next = await load()
  const again = await beat(next, 'a', { memberEpoch: member.epoch })
  assert.deepEqual([again.memberEpoch, again.assignment], [member.epoch, null])
  const whole = await beat(next, 'a', { memberEpoch: member.epoch, subscribedTopicNames: ['t1', 't2'] })
  assert.deepEqual(namesOf(whole.assignment), everything)
})

test('what a restart, or share coordinators that cannot answer, leave half done is done again at the next heartbeat', async () => {
  const { load, states, coordinator: unused } = await setup()
  unused.close()
  const failing = await load(noPersister)
  const member = new Member(failing, 'a')
  await member.join()
  await settled()
  await member.beat()
  assert.deepEqual(member.partitions, [])
  failing.close()
  const next = await load(states)
  const moved = new Member(next, 'a')
  moved.epoch = member.epoch
  await moved.beat()
  await settled()
  await moved.beat()
  assert.deepEqual(moved.partitions, everything)
})

test('a topic that is made later is initialized and assigned', async () => {
  topics.names.delete('t2')
  const { coordinator, member } = await stable()
  assert.deepEqual(member.partitions, ['t1-0', 't1-1'])
  topics.names.add('t2')
  coordinator.onTopicsChanged(['t2'], true)
  await member.beat()
  await settled()
  await member.beat()
  assert.deepEqual(member.partitions, everything)
})

test('a new partition of a topic that the group reads is read from its beginning', async () => {
  const { coordinator, member, states } = await stable()
  topics.counts.set('t1', 3)
  coordinator.onTopicsChanged(['t1'], false)
  await member.beat()
  await settled()
  await member.beat()
  assert.deepEqual(member.partitions, ['t1-0', 't1-1', 't1-2', 't2-0', 't2-1'])
  const offsetOf = async (partition: number) =>
    (await states.summarize({ groupId: 'g', topicId: topicId('t1'), partition })).startOffset
  assert.deepEqual([await offsetOf(1), await offsetOf(2)], [-1, 0])
})

test('very many partitions are initialized, some at a time', async () => {
  topics.counts.set('t1', 2500)
  const { coordinator, states } = await setup()
  const member = new Member(coordinator, 'a', ['t1'])
  await member.join()
  for (let turn = 0; turn < 100 && states.size < 2500; turn++) await settled()
  await settled()
  await member.beat()
  assert.equal(member.partitions.length, 2500)
})

test('a topic that is deleted is told of no more, and made again it is another', async () => {
  const { coordinator, member } = await stable()
  topics.names.delete('t2')
  coordinator.onTopicsChanged(['t2'], false)
  coordinator.onTopicsDeleted(['t2'])
  await member.beat()
  assert.deepEqual(member.partitions, ['t1-0', 't1-1'])
  assert.deepEqual([...((await coordinator.shareOffsets.initialized('g')) ?? []).keys()], [topicId('t1')])
})

test('who subscribes to something else reads none of what was, at once', async () => {
  const { member } = await stable()
  const answer = await member.beat({ subscribedTopicNames: ['t2'] })
  assert.deepEqual([answer.memberEpoch, namesOf(answer.assignment)], [4, ['t2-0', 't2-1']])
})

test('within the assignment interval a member has what it had, and then what it is to have', async () => {
  const { coordinator, clock, member } = await stable({}, { assignmentIntervalMs: 1000 })
  clock.advance(1000)
  await member.beat()
  assert.deepEqual(member.partitions, everything)
  const second = new Member(coordinator, 'b')
  await second.join()
  assert.deepEqual(second.partitions, [])
  clock.advance(1000)
  await second.beat()
  assert.equal(second.partitions.length, 2)
})

test('a group that is full takes nobody in', async () => {
  const { coordinator } = await stable({ shareMaxSize: 1 })
  const answer = await new Member(coordinator, 'b').join()
  assert.equal(answer.errorCode, ErrorCode.GROUP_MAX_SIZE_REACHED)
  assert.equal(answer.errorMessage, 'The share group has reached its maximum capacity of 1 members.')
})

test('to every other kind of group it is none, and to a share group they are none', async () => {
  const { coordinator } = await stable()
  const { errorCode } = await coordinator.joinGroup(joinRequest(), caller(5))
  assert.equal(errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  const committed = await coordinator.commitOffsets(commitRequest(), caller(9))
  assert.equal(committed.topics[0]?.partitions[0]?.errorCode, GROUP_ID_NOT_FOUND)
  const deleted = await coordinator.deleteOffsets({ groupId: 'g', topics: [] })
  assert.equal(deleted.errorCode, GROUP_ID_NOT_FOUND)
  assert.equal((await coordinator.describe('g')).groupState, 'Dead')
  assert.equal((await coordinator.describeConsumerGroup('g')).errorMessage, 'Group g is not a consumer group.')
  const consumer = {
    ...{ groupId: 'g', memberId: 'c', memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: 1000 },
    ...{ subscribedTopicNames: ['t1'], subscribedTopicRegex: null, serverAssignor: null, topicPartitions: [] }
  }
  const asConsumer = await coordinator.consumerGroupHeartbeat(consumer, caller(1))
  assert.equal(asConsumer.errorMessage, 'Group g is not a consumer group.')
  await coordinator.consumerGroupHeartbeat({ ...consumer, groupId: 'c' }, caller(1))
  for (const memberEpoch of [0, 2, -1]) {
    const answer = await beat(coordinator, 'a', { groupId: 'c', memberEpoch, subscribedTopicNames: ['t1'] })
    assert.deepEqual([answer.errorCode, answer.errorMessage], [GROUP_ID_NOT_FOUND, 'Group c is not a share group.'])
  }
  const listed = await coordinator.list({ states: ['stable'], types: ['Share'] })
  assert.deepEqual(listed, [{ groupId: 'g', protocolType: 'share', groupState: 'Stable', groupType: 'share' }])
})

test('it does not expire, however long nobody comes', async () => {
  const { coordinator, clock, member } = await stable()
  await member.leave()
  clock.advance(30 * 86_400_000)
  assert.equal((await coordinator.share.describe('g')).groupState, 'Empty')
})

test('a group with members is not deleted; without, share coordinators forget it first', async () => {
  const { coordinator, member, states, load } = await stable()
  assert.equal(await coordinator.deleteGroup('g'), NON_EMPTY_GROUP)
  await member.leave()
  assert.equal(states.size, 4)
  assert.equal(await coordinator.deleteGroup('g'), NONE)
  assert.equal(states.size, 0)
  assert.equal((await coordinator.share.describe('g')).errorMessage, 'Group g not found.')
  assert.equal(await coordinator.deleteGroup('g'), GROUP_ID_NOT_FOUND)
  coordinator.close()
  assert.deepEqual(await (await load()).list({ states: [], types: [] }), [])
})

test('a deletion that share coordinators cannot answer leaves the group, and is whole when it is asked for again', async () => {
  const { coordinator, member, states, load } = await stable()
  await member.leave()
  coordinator.close()
  const failing = await load(noPersister)
  assert.equal(await failing.deleteGroup('g'), ErrorCode.COORDINATOR_NOT_AVAILABLE)
  assert.equal((await failing.share.describe('g')).groupState, 'Empty')
  failing.close()
  const next = await load(states)
  assert.equal(await next.deleteGroup('g'), NONE)
  assert.equal(states.size, 0)
})

test('who joins while its group is being deleted keeps it, and reads all of it', async () => {
  const { load, states, coordinator: first, member } = await stable()
  await member.leave()
  first.close()
  let goOn = () => {}
  const isHeld = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const asked: string[] = []
  const coordinator = await load({
    ...noPersister,
    initialize: (request) => {
      asked.push('initialize')
      return states.initialize(request)
    },
    async remove(key) {
      await isHeld
      asked.push('remove')
      return states.remove(key)
    }
  })
  const deletion = coordinator.deleteGroup('g')
  const next = new Member(coordinator, 'b')
  await next.join()
  await settled()
  goOn()
  assert.equal(await deletion, NON_EMPTY_GROUP)
  await next.beat()
  await settled()
  await next.beat()
  assert.deepEqual(next.partitions, everything)
  assert.deepEqual(asked, [...Array(4).fill('remove'), ...Array(4).fill('initialize')])
  assert.equal(states.size, 4)
})

test('offsets are altered of a group without members, which is made by it; duplicates count once, the last', async () => {
  const { coordinator, states } = await setup()
  const partitions = [0, 1, 1, 9].map((partitionIndex, index) => ({ partitionIndex, startOffset: 10 + index }))
  const request = {
    groupId: 'g',
    topics: [
      { topicName: 't1', partitions },
      { topicName: 'no', partitions: [] }
    ]
  }
  const answer = await coordinator.shareOffsets.alter(request)
  const codes = answer.responses.map(({ topicName, partitions: rows }) => [topicName, rows.map((row) => row.errorCode)])
  assert.deepEqual(codes, [
    ['t1', [0, 0, 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]],
    ['no', []]
  ])
  const offsetOf = async (partition: number) =>
    (await states.summarize({ groupId: 'g', topicId: topicId('t1'), partition })).startOffset
  assert.deepEqual([await offsetOf(0), await offsetOf(1)], [10, 12])
  assert.equal((await coordinator.share.describe('g')).groupState, 'Empty')
  const member = new Member(coordinator, 'a', ['t1'])
  await member.join()
  assert.deepEqual(member.partitions, ['t1-0', 't1-1'])
  assert.deepEqual([await offsetOf(0), await offsetOf(1)], [10, 12], 'who joins begins where it was set')
  assert.equal((await coordinator.shareOffsets.alter(request)).errorMessage, 'The group is not empty.')
})

test('offsets of topics are deleted; of others it is said why not', async () => {
  const { coordinator, member, states } = await stable()
  const request = { groupId: 'g', topics: ['t2', 'no', 't1'].map((topicName) => ({ topicName })) }
  assert.equal((await coordinator.shareOffsets.delete(request)).errorCode, NON_EMPTY_GROUP)
  await member.leave()
  await coordinator.shareOffsets.delete({ groupId: 'g', topics: [{ topicName: 't2' }] })
  assert.equal(states.size, 2)
  const { responses } = await coordinator.shareOffsets.delete(request)
  assert.deepEqual(
    responses.map(({ topicName, errorMessage }) => [topicName, errorMessage]),
    [
      ['t1', null],
      ['t2', 'There is no offset information to delete.'],
      ['no', 'This server does not host this topic-partition.']
    ]
  )
  assert.equal(states.size, 0)
  const nobody = await coordinator.shareOffsets.delete({ groupId: 'nobody', topics: [] })
  assert.equal(nobody.errorMessage, 'Group nobody not found.')
})

test('a log that has lost its syncs is answered by NOT_COORDINATOR, and share coordinators are not asked', async () => {
  const { log, coordinator, states } = await setup()
  log.hasLostSyncs = true
  assert.equal((await new Member(coordinator, 'a').join()).errorCode, ErrorCode.NOT_COORDINATOR)
  await settled()
  assert.equal(states.size, 0)
  assert.equal((await beat(coordinator, 'a', { memberEpoch: 2 })).errorCode, ErrorCode.NOT_COORDINATOR)
})

test('a member of another group’s id is unknown', async () => {
  const { coordinator } = await stable()
  assert.equal((await beat(coordinator, 'z', { memberEpoch: 3 })).errorCode, UNKNOWN_MEMBER_ID)
})
