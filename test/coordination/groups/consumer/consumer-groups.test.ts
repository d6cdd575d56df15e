import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { caller, commitRequest, coordinatorOn, joinRequest, setup, syncRequest, topicId, topics } from '../setup.ts'
import { beat, Member } from './setup.ts'

const everything = ['t1-0', 't1-1', 't2-0', 't2-1']

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
})

test('the first member is given everything at once', async () => {
  const { coordinator } = await setup()
  const member = new Member(coordinator, 'a')
  const answer = await member.join()
  assert.deepEqual([answer.errorCode, answer.memberEpoch, answer.heartbeatIntervalMs], [ErrorCode.NONE, 2, 1000])
  assert.deepEqual(member.partitions, everything)
})

test('a second member is given what the first has given up, and not before', async () => {
  const { coordinator } = await setup()
  const [first, second] = [new Member(coordinator, 'a'), new Member(coordinator, 'b')]
  await first.join()
  await second.join()
  assert.deepEqual(second.partitions, [])
  await first.beat()
  assert.equal(first.partitions.length, 2)
  assert.equal(first.epoch, 2, 'it is in the epoch before until it says that it has given up')
  await second.beat()
  assert.deepEqual(second.partitions, [])
  await first.beat()
  assert.equal(first.epoch, 3)
  await second.beat()
  assert.deepEqual([...first.partitions, ...second.partitions].sort(), everything)
})

test('a member that gives up nothing is taken out when its rebalance timeout is over', async () => {
  const { coordinator, clock } = await setup()
  const [first, second] = [new Member(coordinator, 'a', { rebalanceTimeoutMs: 20_000 }), new Member(coordinator, 'b')]
  await first.join()
  await second.join()
  const all = first.owned
  await first.beat()
  clock.advance(19_000)
  assert.equal((await first.beat({ topicPartitions: all })).errorCode, ErrorCode.NONE)
  clock.advance(1000)
  assert.equal((await first.beat({ topicPartitions: all })).errorCode, ErrorCode.UNKNOWN_MEMBER_ID)
  await second.beat()
  assert.deepEqual(second.partitions, everything)
})

test('a member that is not heard of for its session is taken out', async () => {
  const { coordinator, clock } = await setup()
  const member = new Member(coordinator, 'a')
  await member.join()
  clock.advance(44_000)
  assert.equal((await member.beat()).errorCode, ErrorCode.NONE)
  clock.advance(44_999)
  assert.equal((await coordinator.describeConsumerGroup('g')).members.length, 1)
  clock.advance(1)
  assert.equal((await coordinator.describeConsumerGroup('g')).groupState, 'Empty')
})

test('a member that is away for a while keeps what it has, and goes on under another id', async () => {
  const { coordinator } = await setup()
  const before = new Member(coordinator, 'a', { instanceId: 'one' })
  const other = new Member(coordinator, 'b')
  await before.join()
  assert.equal((await before.leave(-2)).memberEpoch, -2)
  await other.join()
  const after = new Member(coordinator, 'c', { instanceId: 'one' })
  assert.equal((await after.join()).errorCode, ErrorCode.NONE)
  assert.ok(after.partitions.length > 0)
  assert.equal((await before.beat()).errorCode, ErrorCode.FENCED_INSTANCE_ID)
})

test('an instance id that somebody has is not given to another', async () => {
  const { coordinator } = await setup()
  await new Member(coordinator, 'a', { instanceId: 'one' }).join()
  const answer = await new Member(coordinator, 'b', { instanceId: 'one' }).join()
  assert.equal(answer.errorCode, ErrorCode.UNRELEASED_INSTANCE_ID)
})

test('a member is fenced in an epoch that has not come, and in the one before when it owns what it was not given', async () => {
  const { coordinator } = await setup()
  const member = new Member(coordinator, 'a')
  await member.join()
  assert.equal((await member.beat({ memberEpoch: 9 })).errorCode, ErrorCode.FENCED_MEMBER_EPOCH)
  topics.names.add('t3')
  const topicPartitions = [{ topicId: topicId('t3'), partitions: [0] }]
  await member.beat({ subscribedTopicNames: ['t1'] })
  await member.beat()
  assert.equal(member.epoch, 3)
  const late = { memberEpoch: 2, topicPartitions }
  assert.equal((await member.beat(late)).errorCode, ErrorCode.FENCED_MEMBER_EPOCH)
})

test('a group is there after a restart, with its members, epochs and assignments', async () => {
  const { coordinator, log, clock } = await setup()
  const [first, second] = [new Member(coordinator, 'a'), new Member(coordinator, 'b', { instanceId: 'one' })]
  for (const member of [first, second]) await member.join()
  for (const member of [first, second, first, second]) await member.beat()
  const before = await coordinator.describeConsumerGroup('g')
  assert.equal(before.groupState, 'Stable')
  const restarted = await coordinatorOn(log, clock)
  assert.deepEqual(await restarted.describeConsumerGroup('g'), before)
})

test('what the disk has no room for has not happened', async () => {
  const { coordinator, log } = await setup()
  log.isFull = true
  assert.equal((await new Member(coordinator, 'a').join()).errorCode, ErrorCode.NOT_COORDINATOR)
  log.isFull = false
  assert.equal((await coordinator.describeConsumerGroup('g')).errorCode, ErrorCode.GROUP_ID_NOT_FOUND)
})

test('an expression is looked up beside the answer, and again when there are new topics', async () => {
  const { coordinator, clock } = await setup()
  const member = new Member(coordinator, 'a', { subscribedTopicNames: null, subscribedTopicRegex: 't.*' })
  await member.join()
  assert.deepEqual(member.partitions, [])
  await member.beat()
  assert.deepEqual(member.partitions, everything)
  topics.names.add('t3')
  coordinator.onTopicsChanged(['t3'], true)
  clock.advance(10_001)
  await member.beat()
  await member.beat()
  assert.deepEqual(member.partitions, [...everything, 't3-0', 't3-1'])
})

test('a word that is no expression is refused, and nobody has joined', async () => {
  const { coordinator } = await setup()
  const member = new Member(coordinator, 'a', { subscribedTopicNames: null, subscribedTopicRegex: '(' })
  assert.equal((await member.join()).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION)
  assert.equal((await coordinator.describeConsumerGroup('g')).errorCode, ErrorCode.GROUP_ID_NOT_FOUND)
})

test('a topic that is made later is assigned with the next heartbeat after the coordinator has heard of it', async () => {
  const { coordinator } = await setup()
  topics.names.delete('t2')
  const member = new Member(coordinator, 'a')
  await member.join()
  assert.deepEqual(member.partitions, ['t1-0', 't1-1'])
  topics.names.add('t2')
  coordinator.onTopicsChanged(['t2'], true)
  await member.beat()
  assert.deepEqual(member.partitions, everything)
})

test('many changes within the assignment interval cost one computation', async () => {
  const { coordinator, clock } = await setup({}, { assignmentIntervalMs: 1000 })
  const first = new Member(coordinator, 'a')
  await first.join()
  const others = Array.from({ length: 5 }, (_, index) => new Member(coordinator, `b${index}`))
  for (const other of others) await other.join()
  const waiting = await coordinator.describeConsumerGroup('g')
  assert.deepEqual([waiting.groupEpoch, waiting.assignmentEpoch, waiting.groupState], [7, 2, 'Assigning'])
  clock.advance(1000)
  await first.beat()
  assert.equal((await coordinator.describeConsumerGroup('g')).assignmentEpoch, 7)
})

test('members commit in their epoch, and one that has not heard of a new one for what it had', async () => {
  const { coordinator } = await setup()
  const [first, second] = [new Member(coordinator, 'a'), new Member(coordinator, 'b')]
  await first.join()
  const commit = async (memberId: string, epoch: number) => {
    const request = commitRequest({ memberId, generationIdOrMemberEpoch: epoch })
    return (await coordinator.commitOffsets(request, caller(9))).topics[0]?.partitions[0]?.errorCode
  }
  assert.equal(await commit('a', first.epoch), ErrorCode.NONE)
  assert.equal(await commit('a', first.epoch + 1), ErrorCode.STALE_MEMBER_EPOCH)
  assert.equal(await commit('nobody', 2), ErrorCode.UNKNOWN_MEMBER_ID)
  await second.join()
  assert.equal(await commit('b', 2), ErrorCode.STALE_MEMBER_EPOCH, 'it has none of these partitions')
})

test('a classic group whose members are gone becomes a consumer group, with its offsets', async () => {
  const { coordinator } = await setup()
  await coordinator.commitOffsets(commitRequest(), caller(8))
  await new Member(coordinator, 'a').join()
  const { topics: found } = await coordinator.fetchOffsets({ groupId: 'g', topics: null, requireStable: false })
  assert.equal(found[0]?.partitions[0]?.committedOffset, 5)
  assert.deepEqual(
    (await coordinator.list({ states: [], types: [] })).map(({ groupType }) => groupType),
    ['consumer']
  )
})

test('a consumer group without members becomes a classic group again', async () => {
  const { coordinator, log, clock } = await setup()
  const member = new Member(coordinator, 'a')
  await member.join()
  await member.leave()
  assert.equal((await coordinator.joinGroup(joinRequest(), caller(3))).errorCode, ErrorCode.NONE)
  const restarted = await coordinatorOn(log, clock)
  assert.deepEqual(
    (await restarted.list({ states: [], types: [] })).map(({ groupType }) => groupType),
    ['classic']
  )
})

/** The subscription of a classic consumer, version 1: topics, no user data, nothing owned. */
function subscription(names: readonly string[]): Buffer {
  const int = (value: number) => Buffer.from([0, 0, 0, value])
  const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
  return Buffer.concat([
    Buffer.from([0, 1]),
    int(names.length),
    ...names.map(text),
    Buffer.from([255, 255, 255, 255]),
    int(0)
  ])
}

const protocols = [{ name: 'range', metadata: subscription(['t1', 't2']) }]

test('a classic group in use becomes a consumer group when a member of that protocol joins, and back when it leaves', async () => {
  const { coordinator } = await setup()
  const { memberId, generationId = 0 } = await coordinator.joinGroup(joinRequest({ protocols }), caller(3))
  await coordinator.syncGroup(syncRequest({ memberId, generationId, assignments: [] }), caller(5))
  const member = new Member(coordinator, 'a', { serverAssignor: 'range' })
  assert.equal((await member.join()).errorCode, ErrorCode.NONE)
  const described = await coordinator.describeConsumerGroup('g')
  assert.deepEqual(described.members.map(({ memberType }) => memberType).sort(), [0, 1])

  const asked = { memberId, generationId, groupInstanceId: null, groupId: 'g' }
  assert.equal((await coordinator.heartbeat(asked)).errorCode, ErrorCode.REBALANCE_IN_PROGRESS)
  const again = await coordinator.joinGroup(joinRequest({ memberId, protocols }), caller(9))
  assert.deepEqual([again.errorCode, again.leader, again.generationId], [ErrorCode.NONE, '', described.groupEpoch])
  const synced = await coordinator.syncGroup(
    syncRequest({ memberId, generationId: again.generationId ?? 0 }),
    caller(5)
  )
  assert.equal(synced.errorCode, ErrorCode.NONE)
  assert.ok(synced.assignment.length > 0)

  await member.leave()
  assert.equal((await coordinator.describe('g')).groupState, 'PreparingRebalance')
  const classic = await coordinator.joinGroup(joinRequest({ memberId, protocols }), caller(9))
  assert.deepEqual([classic.errorCode, classic.leader], [ErrorCode.NONE, memberId])
})

test('whoever waits in a classic group that becomes a consumer group is told to come again', async () => {
  const { coordinator } = await setup()
  const { memberId, generationId = 0 } = await coordinator.joinGroup(joinRequest({ protocols }), caller(3))
  await coordinator.syncGroup(syncRequest({ memberId, generationId, assignments: [] }), caller(5))
  const waiting = coordinator.joinGroup(joinRequest({ protocols }), caller(3))
  await new Member(coordinator, 'a').join()
  assert.equal((await waiting).errorCode, ErrorCode.REBALANCE_IN_PROGRESS)
})

test('a group is full when it has as many members as it may have', async () => {
  const { coordinator } = await setup({ consumerMaxSize: 1 })
  await new Member(coordinator, 'a').join()
  assert.equal((await new Member(coordinator, 'b').join()).errorCode, ErrorCode.GROUP_MAX_SIZE_REACHED)
  assert.equal((await new Member(coordinator, 'a').join()).errorCode, ErrorCode.NONE)
})

test('a member of version 0 that names no id is given one', async () => {
  const { coordinator } = await setup()
  const fields = { rebalanceTimeoutMs: 1000, subscribedTopicNames: ['t1'], topicPartitions: [] }
  const { memberId } = await beat(coordinator, '', fields, 0)
  assert.match(memberId ?? '', /^[\w-]{22}$/)
  assert.equal((await beat(coordinator, '', fields, 1)).errorCode, ErrorCode.INVALID_REQUEST)
})

test('what members say of themselves is bounded, and those that are in go on', async () => {
  const { coordinator } = await setup()
  const first = new Member(coordinator, 'a')
  await first.join()
  const names = Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(200))
  const answers = []
  for (let index = 0; index < 200; index++) {
    const wordy = new Member(coordinator, `b${index}`, { subscribedTopicNames: names })
    answers.push((await wordy.join()).errorCode)
    if (answers.at(-1) !== ErrorCode.NONE) break
  }
  assert.equal(answers.at(-1), ErrorCode.POLICY_VIOLATION)
  assert.equal((await first.beat()).errorCode, ErrorCode.NONE)
})
