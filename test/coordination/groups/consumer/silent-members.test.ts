/** Members of consumer groups that are not heard of, or do not give up what they have to: they go in their time, also after a start, and no sooner. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import { limits } from '../../../../src/limits.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { caller, coordinatorOn, joinRequest, settings, setup, syncRequest, topics } from '../setup.ts'
import { Member } from './setup.ts'

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
})

const { sessionTimeoutMs, heartbeatIntervalMs } = settings
const rebalanceTimeoutMs = 2 * heartbeatIntervalMs
const all = ['t1-0', 't1-1', 't2-0', 't2-1']

async function membersOf(coordinator: GroupCoordinator): Promise<readonly string[]> {
  return (await coordinator.describeConsumerGroup('g')).members.map(({ memberId }) => memberId).sort()
}

/** One member that has all partitions, on whichever coordinator there is. */
async function withOne(fields: ConstructorParameters<typeof Member>[2] = {}) {
  const { log, clock, coordinator } = await setup()
  const now = { coordinator }
  const one = new Member(() => now.coordinator, 'one', { rebalanceTimeoutMs, ...fields })
  await one.join()
  assert.deepEqual(one.partitions, all)
  const other = new Member(() => now.coordinator, 'other', { rebalanceTimeoutMs })
  const restart = async () => {
    now.coordinator = await coordinatorOn(log, clock)
  }
  return { log, clock, one, other, now, restart }
}

test('a member that is not heard of after a start is gone after a session, and its partitions go to who stays', async () => {
  const { clock, one, other, now, restart } = await withOne()
  await other.join()
  await one.beat()
  await one.beat()
  await other.beat()
  assert.deepEqual([one.partitions.length, other.partitions.length], [2, 2])
  clock.advance(sessionTimeoutMs - 1)
  await restart()
  clock.advance(sessionTimeoutMs - 1)
  await other.beat()
  assert.deepEqual(await membersOf(now.coordinator), ['one', 'other'])
  clock.advance(1)
  assert.deepEqual(await membersOf(now.coordinator), ['other'])
  await other.beat()
  assert.deepEqual(other.partitions, all)
})

/** It is told what to give up, goes on with all of it, and says so. */
async function keepsAll(one: Member): Promise<number> {
  const owned = one.owned
  const { errorCode } = await one.beat()
  one.owned = owned
  return errorCode
}

for (const hasStart of [false, true]) {
  const when = hasStart ? 'counted from a start' : 'counted from when it was told'
  test(`a member that does not give up its partitions is taken out after its time, ${when}, however often it is heard of`, async () => {
    const { clock, one, other, now, restart } = await withOne()
    await other.join()
    assert.equal(await keepsAll(one), ErrorCode.NONE)
    if (hasStart) {
      clock.advance(rebalanceTimeoutMs - 1)
      await restart()
    }
    clock.advance(rebalanceTimeoutMs - 1)
    assert.equal(await keepsAll(one), ErrorCode.NONE)
    assert.deepEqual(await membersOf(now.coordinator), ['one', 'other'])
    clock.advance(1)
    assert.equal(await keepsAll(one), ErrorCode.UNKNOWN_MEMBER_ID)
    await other.beat()
    assert.deepEqual(other.partitions, all)
  })
}

test('where the disk is full when a session ends the member goes a little later, and stays if it was heard of meanwhile', async () => {
  const { log, clock, one, other, now } = await withOne()
  await other.join()
  await one.beat()
  await one.beat()
  await other.beat()
  await one.beat()
  log.isFull = true
  clock.advance(sessionTimeoutMs)
  assert.equal((await other.beat()).errorCode, ErrorCode.NONE)
  clock.advance(3 * limits.refusedRecordPauseMs)
  assert.deepEqual(await membersOf(now.coordinator), ['one', 'other'])
  log.isFull = false
  clock.advance(limits.refusedRecordPauseMs)
  assert.deepEqual(await membersOf(now.coordinator), ['other'])
})

test('a static member that is away for a while has nothing to give up: it is waited for until its session ends', async () => {
  const { clock, one, other, now } = await withOne({ instanceId: 'i' })
  await other.join()
  assert.equal(await keepsAll(one), ErrorCode.NONE)
  await one.leave(-2)
  clock.advance(sessionTimeoutMs - 1)
  await other.beat()
  assert.deepEqual(await membersOf(now.coordinator), ['one', 'other'])
  clock.advance(1)
  assert.deepEqual(await membersOf(now.coordinator), ['other'])
})

test('a member that gave up its partitions in time is left alone when that time is over', async () => {
  const { clock, one, other, now } = await withOne()
  await other.join()
  await one.beat()
  await one.beat()
  await other.beat()
  clock.advance(2 * rebalanceTimeoutMs)
  assert.deepEqual(await membersOf(now.coordinator), ['one', 'other'])
  assert.deepEqual([one.partitions.length, other.partitions.length], [2, 2])
})

test('a member of the classic protocol keeps its session when its group becomes one of the consumer protocol', async () => {
  const { clock, coordinator } = await setup()
  const classicSessionMs = 10_000
  const joined = await coordinator.joinGroup(joinRequest({ sessionTimeoutMs: classicSessionMs }), caller(3))
  const { memberId, generationId = 0 } = joined
  const assignments = [{ memberId, assignment: Buffer.from('00000000000000000000', 'hex') }]
  await coordinator.syncGroup(syncRequest({ memberId, generationId, assignments }), caller(5))
  const other = new Member(coordinator, 'other', { rebalanceTimeoutMs })
  assert.equal((await other.join()).errorCode, ErrorCode.NONE)
  clock.advance(classicSessionMs - 1)
  assert.deepEqual(await membersOf(coordinator), [memberId, 'other'].sort())
  clock.advance(1)
  assert.deepEqual(await membersOf(coordinator), ['other'])
})
