/** OffsetFetch, answered: what a group has committed (Kafka: OffsetMetadataManager.fetchOffsets, fetchAllOffsets). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type {
  OffsetFetchResponseGroup,
  OffsetFetchResponsePartitions,
  OffsetFetchResponseTopics
} from '../../../protocol/generated/api/offset-fetch-response.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import type { GroupsState } from '../state.ts'
import type { TopicNames } from '../topic-names.ts'
import type { CommittedOffset, GroupOffsets } from './state.ts'

/** A topic as the client names it: by its name, or from version 10 on by its id. */
export type AskedTopic = { readonly partitionIndexes: readonly number[] } & (
  | { readonly name: string }
  | { readonly topicId: string }
)

export interface AskedOffsets {
  readonly groupId: string
  /** Null: everything that the group has committed. */
  readonly topics: readonly AskedTopic[] | null
  /** Where an open transaction may yet change the offset, the client would rather ask again (KIP-447). */
  readonly requireStable: boolean
  /** Who asks, from version 9 on; nobody in particular: null and -1. */
  readonly member?: { readonly memberId: string | null; readonly memberEpoch: number }
}

/** What counts for one answer. */
interface Offsets {
  readonly committed: GroupOffsets
  /** Topics and partitions. */
  readonly unstable: ReadonlyMap<string, ReadonlyMap<number, unknown>>
}

const noOffsets: GroupOffsets = new Map()

export function fetchOffsets(
  { offsets, pendingOffsets }: Pick<GroupsState, 'offsets' | 'pendingOffsets'>,
  { groupId, topics, requireStable }: AskedOffsets,
  names: TopicNames
): OffsetFetchResponseGroup {
  const committed = offsets.of(groupId) ?? noOffsets
  const unstable = (requireStable ? pendingOffsets.of(groupId) : undefined) ?? noOffsets
  const group = { committed, unstable }
  const answers = topics?.map((topic) => answerTopic(group, topic, names))
  return { groupId, topics: answers ?? allTopics(group, names), errorCode: ErrorCode.NONE }
}

function answerTopic(group: Offsets, asked: AskedTopic, names: TopicNames): OffsetFetchResponseTopics {
  const { partitionIndexes } = asked
  if ('name' in asked) {
    const { name } = asked
    return { name, partitions: partitionIndexes.map((index) => answerPartition(group, name, index)) }
  }
  const { topicId } = asked
  const name = names.nameOf(topicId)
  if (name === undefined) return { topicId, partitions: partitionIndexes.map(unknownTopic) }
  return { name, topicId, partitions: partitionIndexes.map((index) => answerPartition(group, name, index, topicId)) }
}

/** An offset of a topic that was deleted, and made anew under the same name, is not this topic's. */
function isOfTopic(committed: CommittedOffset, topicId: string): boolean {
  return committed.topicId === ZERO_UUID || committed.topicId === topicId
}

function allTopics(group: Offsets, names: TopicNames): OffsetFetchResponseTopics[] {
  const answers: OffsetFetchResponseTopics[] = []
  for (const [name, committed] of group.committed) {
    const partitions = Array.from(committed.keys(), (index) => answerPartition(group, name, index))
    answers.push({ name, topicId: names.idOf(name) ?? ZERO_UUID, partitions })
  }
  return answers
}

function answerPartition(
  { committed, unstable }: Offsets,
  topic: string,
  partitionIndex: number,
  topicId?: string
): OffsetFetchResponsePartitions {
  if (unstable.get(topic)?.has(partitionIndex)) return withoutOffset(partitionIndex, ErrorCode.UNSTABLE_OFFSET_COMMIT)
  const found = committed.get(topic)?.get(partitionIndex)
  const isAsked = found !== undefined && (topicId === undefined || isOfTopic(found, topicId))
  if (!isAsked) return withoutOffset(partitionIndex, ErrorCode.NONE)
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = found
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: ErrorCode.NONE }
}

function unknownTopic(partitionIndex: number): OffsetFetchResponsePartitions {
  return withoutOffset(partitionIndex, ErrorCode.UNKNOWN_TOPIC_ID)
}

/** Tells no offset. */
function withoutOffset(partitionIndex: number, errorCode: ErrorCode): OffsetFetchResponsePartitions {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}
