/** Offsets that are committed within a producer's transaction (KIP-447): pending until it ends, live and after a restart. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import {
  caller,
  commitRequest,
  commitTopic,
  coordinatorOn,
  joinRequest,
  setup,
  syncRequest,
  topicId,
  topics
} from '../setup.ts'

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
})

const nobody = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }

async function commitWithin(
  coordinator: GroupCoordinator,
  producerId: number,
  offset: number,
  { version = 5, ...member }: Partial<typeof nobody> & { version?: number; groupId?: string; metadata?: string } = {}
): Promise<readonly number[]> {
  const { metadata = '', ...rest } = member
  const partition = { committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: metadata }
  const partitions = [0, 7].map((partitionIndex) => ({ ...partition, partitionIndex }))
  const request = {
    ...{ transactionalId: 'tx', groupId: 'g', producerId, producerEpoch: 0, ...nobody, ...rest },
    topics: [{ name: 't1', topicId: topicId('t1'), partitions }]
  }
  const answer = await coordinator.commitOffsetsWithin(request, caller(version), null)
  return answer.topics.flatMap(({ partitions: told }) => told.map(({ errorCode }) => errorCode))
}

function end(coordinator: GroupCoordinator, producerId: number, outcome: 'commit' | 'abort'): Promise<ErrorCode> {
  return coordinator.endTransaction({
    producerId,
    producerEpoch: 1,
    coordinatorEpoch: 0,
    outcome,
    transactionVersion: 2
  })
}

/** What is committed of t1-0, and whether that is stable. */
async function offsetOf(coordinator: GroupCoordinator): Promise<readonly (number | undefined)[]> {
  const asked = { groupId: 'g', topics: [{ name: 't1', partitionIndexes: [0] }] }
  const [plain, stable] = await Promise.all(
    [false, true].map((requireStable) => coordinator.fetchOffsets({ ...asked, requireStable }))
  )
  return [plain?.topics[0]?.partitions[0]?.committedOffset, stable?.topics[0]?.partitions[0]?.errorCode]
}

const { NONE, UNSTABLE_OFFSET_COMMIT, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode

test('an offset of a transaction counts when it is committed, and never when it is aborted', async () => {
  const { coordinator, clock, log } = await setup()
  assert.deepEqual(await commitWithin(coordinator, 1, 5), [UNKNOWN_TOPIC_OR_PARTITION, NONE])
  assert.deepEqual(await offsetOf(coordinator), [-1, UNSTABLE_OFFSET_COMMIT])
  assert.deepEqual(await offsetOf(await coordinatorOn(log, clock)), [-1, UNSTABLE_OFFSET_COMMIT])
  assert.equal(await end(coordinator, 1, 'commit'), NONE)
  assert.deepEqual(await offsetOf(coordinator), [5, NONE])
  await commitWithin(coordinator, 1, 9)
  assert.equal(await end(coordinator, 1, 'abort'), NONE)
  assert.deepEqual(await offsetOf(coordinator), [5, NONE])
  assert.deepEqual(await offsetOf(await coordinatorOn(log, clock)), [5, NONE])
})

test('of two offsets the one that was written later counts, whichever transaction ends first', async () => {
  const { coordinator, clock, log } = await setup()
  await commitWithin(coordinator, 1, 1)
  await commitWithin(coordinator, 2, 2)
  await end(coordinator, 2, 'commit')
  assert.deepEqual(await offsetOf(coordinator), [2, UNSTABLE_OFFSET_COMMIT])
  await end(coordinator, 1, 'commit')
  assert.deepEqual(await offsetOf(coordinator), [2, NONE])
  await commitWithin(coordinator, 1, 3)
  await coordinator.commitOffsets(commitRequest({ topics: [commitTopic('t1', [[0, 4]])] }), caller(8))
  assert.deepEqual(await offsetOf(coordinator), [4, UNSTABLE_OFFSET_COMMIT])
  await end(coordinator, 1, 'commit')
  assert.deepEqual(await offsetOf(coordinator), [4, NONE])
  assert.deepEqual(await offsetOf(await coordinatorOn(log, clock)), [4, NONE])
})

test('members commit within a transaction for their generation; who names nobody is left to the fencing of producers', async () => {
  const { coordinator } = await setup()
  const { memberId } = await coordinator.joinGroup(joinRequest(), caller(3))
  const member = { generationIdOrMemberEpoch: 1, memberId }
  const first = async (changes: Parameters<typeof commitWithin>[3]) =>
    (await commitWithin(coordinator, 1, 5, changes))[1]
  // A rebalance that is under way keeps nobody from it.
  assert.equal(await first(member), NONE)
  await coordinator.syncGroup(syncRequest({ memberId, protocolType: null, protocolName: null }), caller(3))
  assert.equal(await first(member), NONE)
  assert.equal(await first({}), NONE)
  assert.equal(await first({ ...member, generationIdOrMemberEpoch: 2 }), ErrorCode.ILLEGAL_GENERATION)
  assert.equal(await first({ ...member, memberId: 'other' }), ErrorCode.UNKNOWN_MEMBER_ID)
  assert.equal(await first({ groupId: 'new', generationIdOrMemberEpoch: 1 }), ErrorCode.ILLEGAL_GENERATION)
  assert.equal(await first({ groupId: '' }), ErrorCode.INVALID_GROUP_ID)
  assert.equal(await first({ metadata: 'x'.repeat(5000) }), ErrorCode.OFFSET_METADATA_TOO_LARGE)
})

test('what the log refuses is told of each partition, and changes nothing', async () => {
  const { coordinator, log } = await setup()
  log.refusal = ErrorCode.INVALID_PRODUCER_EPOCH
  assert.deepEqual(await commitWithin(coordinator, 1, 5), [
    UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.INVALID_PRODUCER_EPOCH
  ])
  assert.equal(await end(coordinator, 1, 'commit'), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.deepEqual(await offsetOf(coordinator), [-1, NONE])
})

test('from version 6 on topics go by their ids', async () => {
  const { coordinator } = await setup()
  assert.deepEqual(await commitWithin(coordinator, 1, 5, { version: 6 }), [UNKNOWN_TOPIC_OR_PARTITION, NONE])
  topics.names.delete('t1')
  assert.deepEqual(await commitWithin(coordinator, 1, 5, { version: 6 }), [
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.UNKNOWN_TOPIC_ID
  ])
})
