/** How readers of a simulation commit where their group is, ask for it, and read on from there. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import type { Client } from './client.ts'
import { fetchFrom } from './fetch.ts'
import type { Membership } from './group-ledger.ts'
import type { PartitionLedger, Topic } from './ledger.ts'
import type { Scene } from './scene.ts'

/** A partition, as readers speak of it. */
export interface Place {
  readonly topic: Topic
  readonly index: number
  readonly partition: PartitionLedger
}

/**
 * The error with which the group answers; null when no answer came. What was acknowledged is held against the ledger whoever has said it: a
 * coordinator that was replaced acknowledges nothing that the next one does not have.
 */
export async function commitOffset(
  { ledger }: Scene,
  client: Client,
  member: Membership,
  { topic, index }: Place,
  committedOffset: number
): Promise<number | null> {
  const { group, generation, memberId } = member
  if (topic.isLoose) return null
  const coordinator = await client.coordinatorOf(group)
  if (coordinator === null) return null
  const fencedBy = ledger.groups.latestOf(group)
  const commit = ledger.groups.commitAsked(member, topic.id, index, committedOffset)
  const partitions = [{ partitionIndex: index, committedOffset, committedMetadata: null }]
  const body = {
    ...{ groupId: group, generationIdOrMemberEpoch: generation, memberId },
    topics: [{ topicId: topic.id, partitions }]
  }
  const answer = await client.ask(OffsetCommitRequest, OffsetCommitResponse, 10, body, coordinator)
  const errorCode = answer?.topics[0]?.partitions[0]?.errorCode ?? null
  if (errorCode !== ErrorCode.NONE) client.forgetCoordinator(group)
  else if (topic.state === 'there') ledger.groups.committed(commit, fencedBy)
  if (isRefusal(errorCode)) ledger.groups.refused(commit)
  return errorCode
}

/** What was not written is not written later. */
function isRefusal(errorCode: number | null): boolean {
  const { ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS } = ErrorCode
  return errorCode === ILLEGAL_GENERATION || errorCode === UNKNOWN_MEMBER_ID || errorCode === REBALANCE_IN_PROGRESS
}

/** Where the group is, -1 when it is nowhere; null when nobody says. */
export async function committedOffset(
  { ledger, cluster }: Scene,
  client: Client,
  group: string,
  { topic, index }: Pick<Place, 'topic' | 'index'>
): Promise<number | null> {
  const coordinator = await client.coordinatorOf(group)
  if (coordinator === null) return null
  const atLeast = ledger.groups.atLeast(group, topic.id, index)
  const groups = [{ groupId: group, topics: [{ topicId: topic.id, partitionIndexes: [index] }] }]
  const body = { groups, requireStable: false }
  const epoch = cluster.coordinatedEpochOf(group, coordinator)
  const answer = await client.ask(OffsetFetchRequest, OffsetFetchResponse, 10, body, coordinator)
  const told = answer?.groups[0]
  const result = told?.topics[0]?.partitions[0]
  if (told !== undefined && told.errorCode !== ErrorCode.NONE) client.forgetCoordinator(group)
  if (result === undefined || told?.errorCode !== ErrorCode.NONE || result.errorCode !== ErrorCode.NONE) return null
  if (topic.state !== 'there') return null
  // One that coordinates no more, and was not told, says where the group was.
  if (epoch === null || epoch !== cluster.coordinatedEpochOf(group, coordinator)) {
    client.forgetCoordinator(group)
    return null
  }
  ledger.groups.fetchedCommit(group, topic.id, index, result.committedOffset, atLeast)
  return result.committedOffset
}

/** Reads on from an offset, and holds what comes against all that was seen before. Gives where to go on; null when nothing came. */
export async function readOn(
  { world, ledger, cluster }: Scene,
  client: Client,
  { topic, index, partition }: Place,
  from: number
): Promise<number | null> {
  const { readableEnd } = partition
  const fetched = await fetchFrom(client, topic.id, index, from, world.oneIn(2) ? 200 : 0)
  if (fetched === null || topic.state !== 'there') return null
  const [only, ...others] = cluster.nodes
  const isAlone = others.length === 0
  const isInTrouble = isAlone && only?.hasBrokenDisk === true
  if (fetched.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
    if (from > partition.startAsked && !isInTrouble)
      partition.lost(`a reader cannot read at ${from}, where it has come to`)
    return partition.startAsked
  }
  if (fetched.errorCode !== ErrorCode.NONE) return null
  // A new leader learns a little later how far records are committed (KIP-207).
  const known = isAlone && !isInTrouble ? readableEnd : 0
  partition.bounds(fetched.startOffset, fetched.endOffset, known)
  let next = from
  for (const { offset, value } of fetched.records) {
    partition.see(offset, value ?? '', next)
    next = offset + 1
  }
  ledger.counts.read += fetched.records.length
  return next
}
