import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GroupCoordinator } from '../../../src/coordination/groups/group-coordinator.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import {
  caller,
  commitRequest,
  config,
  coordinatorOn,
  heartbeatRequest,
  isPending,
  joinRequest,
  setup,
  syncRequest
} from './setup.ts'

const old = caller(3)
const all = Buffer.from('all')

/** One member, stable in generation 1. */
async function single(coordinator: GroupCoordinator, changes: Parameters<typeof joinRequest>[0] = {}): Promise<string> {
  const { memberId, generationId } = await coordinator.joinGroup(joinRequest(changes), old)
  const assignments = [{ memberId, assignment: all }]
  await coordinator.syncGroup(syncRequest({ memberId, generationId: generationId ?? 0, assignments }), caller(5))
  return memberId
}

async function stateOf(coordinator: GroupCoordinator): Promise<string> {
  return (await coordinator.describe('g')).groupState
}

test('a second member is in as soon as the first comes back: no time passes on our side', async () => {
  const { coordinator, clock } = await setup()
  const first = await single(coordinator)
  const joining = coordinator.joinGroup(joinRequest(), old)
  const called = await coordinator.heartbeat(heartbeatRequest({ memberId: first }))
  assert.equal(called.errorCode, ErrorCode.REBALANCE_IN_PROGRESS)
  const again = await coordinator.joinGroup(joinRequest({ memberId: first }), old)
  const second = await joining
  assert.deepEqual([again.generationId, second.generationId], [2, 2])
  assert.equal(clock.monotonicMs(), 0)
})

test('a member id is the client id and a UUID as Java writes it', async () => {
  const { coordinator } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), caller(9, 'me'))
  assert.match(memberId, /^me-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('no answer leaves before what it rests on is durable', async () => {
  const { coordinator, log } = await setup()
  log.holdSyncs()
  const joining = coordinator.joinGroup(joinRequest(), old)
  const committing = coordinator.commitOffsets(commitRequest({ groupId: 'other' }), caller(8))
  const describing = coordinator.describe('g')
  for (const answer of [joining, committing, describing]) assert.ok(await isPending(answer))
  log.releaseSyncs()
  assert.equal((await joining).errorCode, ErrorCode.NONE)
  assert.equal((await committing).topics[0]?.partitions[0]?.errorCode, ErrorCode.NONE)
  assert.equal((await describing).groupState, 'CompletingRebalance')
})

test('a member whose session runs out is removed, one that sends heartbeats stays', async () => {
  const { coordinator, clock } = await setup()
  const memberId = await single(coordinator)
  for (let count = 0; count < 10; count++) {
    clock.advance(9000)
    assert.equal((await coordinator.heartbeat(heartbeatRequest({ memberId }))).errorCode, ErrorCode.NONE)
  }
  clock.advance(9999)
  assert.equal(await stateOf(coordinator), 'Stable')
  clock.advance(1)
  assert.equal(await stateOf(coordinator), 'Empty')
})

test('committing offsets keeps a session alive as a heartbeat does', async () => {
  const { coordinator, clock } = await setup()
  const memberId = await single(coordinator)
  clock.advance(9000)
  await coordinator.commitOffsets(commitRequest({ memberId, generationIdOrMemberEpoch: 1 }), caller(8))
  clock.advance(9000)
  assert.equal(await stateOf(coordinator), 'Stable')
})

test('a member id that is never used is forgotten after a session', async () => {
  const { coordinator, clock } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), caller(9))
  clock.advance(10_000)
  const late = await coordinator.joinGroup(joinRequest({ memberId }), caller(9))
  assert.equal(late.errorCode, ErrorCode.UNKNOWN_MEMBER_ID)
})

test('a new member that waits for others is given up after five minutes', async () => {
  const { coordinator, clock } = await setup()
  const memberId = await single(coordinator, { rebalanceTimeoutMs: 3_600_000 })
  const joining = coordinator.joinGroup(joinRequest(), old)
  for (let count = 0; count < 60; count++) {
    assert.ok(await isPending(joining))
    clock.advance(5000)
    await coordinator.heartbeat(heartbeatRequest({ memberId }))
  }
  assert.equal((await joining).errorCode, ErrorCode.UNKNOWN_MEMBER_ID)
})

test('after a restart members go on in their generation, and have a whole session to be heard of', async () => {
  const { coordinator, clock, log } = await setup()
  const memberId = await single(coordinator)
  clock.advance(8000)
  coordinator.close()
  const next = await coordinatorOn(log, clock)
  clock.advance(8000)
  assert.equal((await next.heartbeat(heartbeatRequest({ memberId }))).errorCode, ErrorCode.NONE)
  const { assignment } = await next.syncGroup(syncRequest({ memberId }), caller(5))
  assert.deepEqual(assignment, all)
  clock.advance(10_000)
  assert.equal(await stateOf(next), 'Empty')
})

test('closing answers whoever waits, and every request after, with NOT_COORDINATOR', async () => {
  const { coordinator, clock } = await setup()
  const memberId = await single(coordinator)
  const joining = coordinator.joinGroup(joinRequest(), old)
  coordinator.close()
  assert.equal((await joining).errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal((await coordinator.joinGroup(joinRequest(), old)).errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal((await coordinator.syncGroup(syncRequest(), old)).errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal((await coordinator.heartbeat(heartbeatRequest({ memberId }))).errorCode, ErrorCode.NOT_COORDINATOR)
  const { topics } = await coordinator.commitOffsets(commitRequest(), caller(8))
  assert.equal(topics[0]?.partitions[0]?.errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal(clock.waiting, 0)
})

test('a record that the disk has no room for refuses that request alone, and the same works with room again', async () => {
  const { coordinator, log } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), old)
  const assignments = [{ memberId, assignment: all }]
  log.isFull = true
  const refused = await coordinator.syncGroup(syncRequest({ memberId, assignments }), caller(5))
  assert.equal(refused.errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal((await coordinator.heartbeat(heartbeatRequest({ memberId }))).errorCode, ErrorCode.NONE)
  log.isFull = false
  const taken = await coordinator.syncGroup(syncRequest({ memberId, assignments }), caller(5))
  assert.deepEqual([taken.errorCode, taken.assignment], [ErrorCode.NONE, all])
})

test('a member whose end the disk has no room for goes when there is room', async () => {
  const { coordinator, clock, log } = await setup()
  await single(coordinator)
  log.isFull = true
  clock.advance(10_000)
  assert.equal(await stateOf(coordinator), 'Stable')
  log.isFull = false
  clock.advance(limits.refusedRecordPauseMs)
  assert.equal(await stateOf(coordinator), 'Empty')
})

test('offsets whose end the disk has no room for go as soon as there is room', async () => {
  const { coordinator, clock, log } = await setup({ offsetsRetentionMs: 1000 })
  await coordinator.commitOffsets(commitRequest(), caller(8))
  log.isFull = true
  clock.advance(config.offsetsRetentionCheckIntervalMs)
  assert.equal(await stateOf(coordinator), 'Empty')
  log.isFull = false
  clock.advance(limits.refusedRecordPauseMs)
  assert.equal(await stateOf(coordinator), 'Dead')
})

test('when a sync fails the coordinator closes, and nobody is left waiting', async () => {
  const { coordinator, clock, log } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), old)
  log.hasLostSyncs = true
  const { errorCode } = await coordinator.syncGroup(syncRequest({ memberId }), caller(5))
  assert.equal(errorCode, ErrorCode.NOT_COORDINATOR)
  assert.ok(coordinator.isClosed)
  assert.equal(clock.waiting, 0)
})

test('a group that has grown beyond a lowered limit is called together after the restart', async () => {
  const { coordinator, clock, log } = await setup()
  const first = await single(coordinator)
  const joining = coordinator.joinGroup(joinRequest(), old)
  await coordinator.joinGroup(joinRequest({ memberId: first }), old)
  const second = (await joining).memberId
  const assignments = [{ memberId: first, assignment: all }]
  await coordinator.syncGroup(syncRequest({ memberId: first, generationId: 2, assignments }), caller(5))
  coordinator.close()
  const next = await coordinatorOn(log, clock, { maxSize: 1 })
  assert.equal(await stateOf(next), 'PreparingRebalance')
  const stays = next.joinGroup(joinRequest({ memberId: second }), old)
  const goes = await next.joinGroup(joinRequest({ memberId: first }), old)
  assert.equal(goes.errorCode, ErrorCode.GROUP_MAX_SIZE_REACHED)
  // The one that was turned away counted among those the rebalance waits for until it was removed.
  clock.advance(60_000)
  assert.equal((await stays).errorCode, ErrorCode.NONE)
})

test('groups are listed by state and type, whatever the case', async () => {
  const { coordinator } = await setup()
  await single(coordinator)
  await coordinator.commitOffsets(commitRequest({ groupId: 'offsets only' }), caller(8))
  const list = async (states: string[], types: string[] = []) =>
    (await coordinator.list({ states, types })).map(({ groupId }) => groupId)
  assert.deepEqual(await list([]), ['g', 'offsets only'])
  assert.deepEqual(await list(['EMPTY ']), ['offsets only'])
  assert.deepEqual(await list(['stable'], ['Classic']), ['g'])
  assert.deepEqual(await list([], ['consumer']), [])
  assert.deepEqual(await list(['nonsense']), [])
})

test('a group with members cannot be deleted, an empty one goes with its offsets', async () => {
  const { coordinator, clock, log } = await setup()
  const memberId = await single(coordinator)
  await coordinator.commitOffsets(commitRequest({ memberId, generationIdOrMemberEpoch: 1 }), caller(8))
  assert.equal(await coordinator.deleteGroup('g'), ErrorCode.NON_EMPTY_GROUP)
  await coordinator.leaveGroup('g', [{ memberId, groupInstanceId: null }])
  assert.equal(await coordinator.deleteGroup('g'), ErrorCode.NONE)
  assert.equal(await coordinator.deleteGroup('g'), ErrorCode.GROUP_ID_NOT_FOUND)
  const next = await coordinatorOn(log, clock)
  assert.deepEqual(await next.list({ states: [], types: [] }), [])
  assert.deepEqual((await next.fetchOffsets({ groupId: 'g', topics: null, requireStable: false })).topics, [])
  const { errorCode, errorMessage, groupState } = await next.describe('g')
  assert.deepEqual([errorCode, errorMessage, groupState], [ErrorCode.GROUP_ID_NOT_FOUND, 'Group g not found.', 'Dead'])
})

test('members of all groups together say so much of themselves; who would say more is refused until there is room', async () => {
  const { coordinator } = await setup()
  const halfBytes = limits.memberBytesPerCoordinator / 2
  const saying = (groupId: string, sizeBytes: number, memberId = '') =>
    joinRequest({ groupId, memberId, protocols: [{ name: 'range', metadata: Buffer.alloc(sizeBytes) }] })
  const first = await coordinator.joinGroup(saying('one', halfBytes), old)
  const second = await coordinator.joinGroup(saying('two', halfBytes - 5000), old)
  assert.deepEqual([first.errorCode, second.errorCode], [ErrorCode.NONE, ErrorCode.NONE])
  assert.equal((await coordinator.joinGroup(saying('three', 10_000), old)).errorCode, ErrorCode.POLICY_VIOLATION)
  assert.equal((await coordinator.joinGroup(saying('three', 10), old)).errorCode, ErrorCode.NONE)
  const same = await coordinator.joinGroup(saying('one', halfBytes, first.memberId), old)
  assert.equal(same.errorCode, ErrorCode.NONE, 'who says what it said before is let in')
  const more = await coordinator.joinGroup(saying('one', halfBytes + 10_000, first.memberId), old)
  assert.equal(more.errorCode, ErrorCode.POLICY_VIOLATION)
  await coordinator.leaveGroup('two', [{ memberId: second.memberId, groupInstanceId: null }])
  const grown = await coordinator.joinGroup(saying('one', halfBytes + 10_000, first.memberId), old)
  assert.equal(grown.errorCode, ErrorCode.NONE)
})

test('ids that were given out and not used count as well', async () => {
  const { coordinator, clock } = await setup()
  const clientId = 'c'.repeat(limits.idBytes - 40)
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
  const join = async () => (await coordinator.joinGroup(joinRequest({ protocols }), caller(9, clientId))).errorCode
  let given = 0
  while ((await join()) === ErrorCode.MEMBER_ID_REQUIRED) given += 1
  assert.equal(await join(), ErrorCode.POLICY_VIOLATION)
  assert.ok(given > 1000 && given * clientId.length <= limits.memberBytesPerCoordinator, `${given}`)
  clock.advance(10_000)
  assert.equal(await join(), ErrorCode.MEMBER_ID_REQUIRED)
})

test('a group whose id is a text that has no hash of its own is not begun', async () => {
  const { coordinator } = await setup()
  const { errorCode } = await coordinator.joinGroup(joinRequest({ groupId: 'g'.repeat(limits.idBytes + 1) }), old)
  assert.equal(errorCode, ErrorCode.INVALID_GROUP_ID)
  assert.equal((await coordinator.joinGroup(joinRequest({ groupId: 'g'.repeat(limits.idBytes) }), old)).errorCode, 0)
})
