/** What a coordinator knows of classic groups that it finds in its log: their members have a session, and what was decided of them counts. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { GroupCoordinator } from '../../../src/coordination/groups/group-coordinator.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import {
  caller,
  commitRequest,
  commitTopic,
  config,
  coordinatorOn,
  heartbeatRequest,
  isPending,
  joinRequest,
  setup,
  syncRequest,
  topics
} from './setup.ts'

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
})

const sessionTimeoutMs = 10_000

/** Two members, in generation 2, one of them static. */
async function withTwoMembers() {
  const { coordinator, log, clock } = await setup()
  const first = await coordinator.joinGroup(joinRequest({ sessionTimeoutMs }), caller(3))
  const joining = coordinator.joinGroup(
    joinRequest({ sessionTimeoutMs: 2 * sessionTimeoutMs, groupInstanceId: 'i' }),
    caller(5)
  )
  assert.equal(await isPending(joining), true)
  const ids = { first: first.memberId, other: '' }
  await coordinator.joinGroup(joinRequest({ memberId: ids.first, sessionTimeoutMs }), caller(3))
  ids.other = (await joining).memberId
  const assignments = [ids.first, ids.other].map((memberId) => ({ memberId, assignment: Buffer.from(memberId) }))
  const synced = syncRequest({ memberId: ids.first, generationId: 2, assignments })
  assert.equal((await coordinator.syncGroup(synced, caller(5))).errorCode, ErrorCode.NONE)
  return { log, clock, ids, coordinator }
}

async function membersOf(coordinator: GroupCoordinator): Promise<readonly string[]> {
  return (await coordinator.describe('g')).members.map(({ memberId }) => memberId)
}

test('a member that is not heard of after a start is gone after its own session, so that its partitions go to others', async () => {
  const { log, clock, ids } = await withTwoMembers()
  clock.advance(sessionTimeoutMs - 1)
  const coordinator = await coordinatorOn(log, clock)
  clock.advance(sessionTimeoutMs - 1)
  assert.deepEqual(await membersOf(coordinator), [ids.first, ids.other])
  clock.advance(1)
  assert.deepEqual(await membersOf(coordinator), [ids.other])
  // Who stays is told to come again, and to nobody's absence there is an end.
  const beat = heartbeatRequest({ memberId: ids.other, generationId: 2, groupInstanceId: 'i' })
  assert.equal((await coordinator.heartbeat(beat)).errorCode, ErrorCode.REBALANCE_IN_PROGRESS)
})

test('a member that goes on after a start stays in its generation', async () => {
  const { log, clock, ids } = await withTwoMembers()
  const coordinator = await coordinatorOn(log, clock)
  for (let round = 0; round < 5; round += 1) {
    clock.advance(sessionTimeoutMs - 1)
    for (const memberId of [ids.first, ids.other]) {
      assert.equal(
        (await coordinator.heartbeat(heartbeatRequest({ memberId, generationId: 2 }))).errorCode,
        ErrorCode.NONE
      )
    }
  }
  assert.deepEqual(await membersOf(coordinator), [ids.first, ids.other])
})

test('after a start a static member is found by its instance, and takes its place without a rebalance', async () => {
  const { log, clock, ids } = await withTwoMembers()
  const coordinator = await coordinatorOn(log, clock)
  const back = await coordinator.joinGroup(joinRequest({ sessionTimeoutMs, groupInstanceId: 'i' }), caller(5))
  assert.deepEqual([back.errorCode, back.generationId], [ErrorCode.NONE, 2])
  const former = heartbeatRequest({ memberId: ids.other, generationId: 2, groupInstanceId: 'i' })
  assert.equal((await coordinator.heartbeat(former)).errorCode, ErrorCode.FENCED_INSTANCE_ID)
})

test('after a start the topics that a group reads are known: their offsets stay while it reads them, the others expire', async () => {
  const { log, clock, ids, coordinator: before } = await withTwoMembers()
  const committed = ['t1', 't2'].map((topic) => commitTopic(topic, [[0, 5]]))
  const request = commitRequest({ memberId: ids.first, generationIdOrMemberEpoch: 2, topics: committed })
  await before.commitOffsets(request, caller(8))
  const coordinator = await coordinatorOn(log, clock)
  const stepMs = sessionTimeoutMs - 1
  for (let ms = 0; ms < config.offsetsRetentionMs + 2 * config.offsetsRetentionCheckIntervalMs; ms += stepMs) {
    clock.advance(stepMs)
    for (const memberId of [ids.first, ids.other])
      void coordinator.heartbeat(heartbeatRequest({ memberId, generationId: 2 }))
  }
  const { topics: found } = await coordinator.fetchOffsets({ groupId: 'g', topics: null, requireStable: false })
  assert.deepEqual(
    found.map(({ name }) => name),
    ['t1']
  )
})
