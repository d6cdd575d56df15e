/** OffsetFetch, answered: what a group has committed (Kafka: OffsetMetadataManager.fetchOffsets, fetchAllOffsets). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type {
  OffsetFetchResponseGroup,
  OffsetFetchResponsePartitions,
  OffsetFetchResponseTopics
} from '../../../protocol/generated/api/offset-fetch-response.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import type { TopicNames } from '../topic-names.ts'
import type { CommittedOffset, CommittedOffsets } from './state.ts'

/** A topic as the client names it: by its name, or from version 10 on by its id. */
export type AskedTopic = { readonly partitionIndexes: readonly number[] } & (
  | { readonly name: string }
  | { readonly topicId: string }
)

export interface AskedOffsets {
  readonly groupId: string
  /** Null: everything that the group has committed. */
  readonly topics: readonly AskedTopic[] | null
}

export function fetchOffsets(
  offsets: CommittedOffsets,
  { groupId, topics }: AskedOffsets,
  names: TopicNames
): OffsetFetchResponseGroup {
  const answers = topics?.map((topic) => answerTopic(offsets, groupId, topic, names))
  return { groupId, topics: answers ?? allTopics(offsets, groupId, names), errorCode: ErrorCode.NONE }
}

function answerTopic(
  offsets: CommittedOffsets,
  groupId: string,
  asked: AskedTopic,
  names: TopicNames
): OffsetFetchResponseTopics {
  const { partitionIndexes } = asked
  if ('name' in asked) {
    const { name } = asked
    const found = (index: number) => answerPartition(index, offsets.get(groupId, name, index))
    return { name, partitions: partitionIndexes.map(found) }
  }
  const { topicId } = asked
  const name = names.nameOf(topicId)
  if (name === undefined) return { topicId, partitions: partitionIndexes.map(unknownTopic) }
  const found = (index: number) => answerPartition(index, ofTopic(offsets.get(groupId, name, index), topicId))
  return { name, topicId, partitions: partitionIndexes.map(found) }
}

/** An offset of a topic that was deleted, and made anew under the same name, is not this topic's. */
function ofTopic(committed: CommittedOffset | undefined, topicId: string): CommittedOffset | undefined {
  if (committed === undefined || committed.topicId === ZERO_UUID || committed.topicId === topicId) return committed
  return undefined
}

function allTopics(offsets: CommittedOffsets, groupId: string, names: TopicNames): OffsetFetchResponseTopics[] {
  const answers: OffsetFetchResponseTopics[] = []
  for (const [name, committed] of offsets.of(groupId) ?? []) {
    const partitions = Array.from(committed, ([index, offset]) => answerPartition(index, offset))
    answers.push({ name, topicId: names.idOf(name) ?? ZERO_UUID, partitions })
  }
  return answers
}

function answerPartition(
  partitionIndex: number,
  committed: CommittedOffset | undefined
): OffsetFetchResponsePartitions {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
    errorCode: ErrorCode.NONE
  }
}

function unknownTopic(partitionIndex: number): OffsetFetchResponsePartitions {
  return { ...answerPartition(partitionIndex, undefined), errorCode: ErrorCode.UNKNOWN_TOPIC_ID }
}
