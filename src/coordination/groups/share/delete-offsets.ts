/**
 * DeleteShareGroupOffsets and the deletion of a group, decided (KIP-932; Kafka: GroupMetadataManager.sharePartitionsEligibleForOffsetDeletion,
 * shareGroupBuildPartitionDeleteRequest). What is to be deleted is written before share coordinators are asked, so that a deletion that a
 * restart cuts short is whole when it is asked for again.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { DeleteShareGroupOffsetsResponse } from '../../../protocol/generated/api/delete-share-group-offsets-response.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import { unknownPartition } from '../../share-states/objection.ts'
import type { GroupTopics } from '../topic-names.ts'
import { beginDeleting, type StatePartitions, type TopicPartition } from './state-partitions.ts'

type Row = DeleteShareGroupOffsetsResponse['responses'][number]

export interface Deletion {
  readonly states: StatePartitions
  /** Which share coordinators are to forget; by the ids of their topics. */
  readonly partitions: readonly TopicPartition[]
  readonly topics: ReadonlyMap<string, string>
  /** Topics of which there is nothing to delete. */
  readonly refused: readonly Row[]
}

const nothingThere = 'There is no offset information to delete.'

export function deleteTopicOffsets(
  before: StatePartitions,
  topicNames: readonly string[],
  names: GroupTopics
): Deletion {
  const topics = new Map<string, string>()
  const partitions: TopicPartition[] = []
  const refused: Row[] = []
  for (const topicName of topicNames) {
    const topicId = names.idOf(topicName)
    const found = topicId === undefined ? [] : statesOf(before, topicId, topicName, names)
    if (topicId !== undefined && topics.has(topicId)) continue
    if (topicId === undefined || found.length === 0) {
      const { errorCode, errorMessage } = unknownPartition
      const why = topicId === undefined ? errorMessage : nothingThere
      refused.push({ topicName, topicId: ZERO_UUID, errorCode, errorMessage: why })
    } else {
      topics.set(topicId, topicName)
      partitions.push(...found)
    }
  }
  return { states: beginDeleting(before, topics), partitions, topics, refused }
}

/** Of a group that goes, whatever state its partitions are in. */
export function deleteAllOffsets(before: StatePartitions, names: GroupTopics): Deletion {
  const topics = new Map<string, string>()
  for (const [topicId, { name }] of [...before.initialized, ...before.initializing]) topics.set(topicId, name)
  for (const [topicId, name] of before.deleting) topics.set(topicId, name)
  const partitions: TopicPartition[] = []
  for (const [topicId, name] of topics) {
    const initializing = before.initializing.get(topicId)?.partitions ?? []
    const all = new Set([...statesOf(before, topicId, name, names).map(({ partition }) => partition), ...initializing])
    for (const partition of all) partitions.push({ topicId, partition })
  }
  const states = { initializing: new Map(), initialized: new Map(), deleting: topics }
  return { states, partitions, topics, refused: [] }
}

/** Initialized ones; of a topic whose states were to be deleted before all that there may be. */
function statesOf(states: StatePartitions, topicId: string, name: string, names: GroupTopics): TopicPartition[] {
  const initialized = states.initialized.get(topicId)?.partitions
  if (initialized !== undefined) return Array.from(initialized, (partition) => ({ topicId, partition }))
  if (!states.deleting.has(topicId)) return []
  return Array.from({ length: names.partitionCount(name) }, (_, partition) => ({ topicId, partition }))
}

export function deletedAnswer(
  deleted: ReadonlyMap<string, string>,
  refused: readonly Row[],
  failed: readonly Row[]
): DeleteShareGroupOffsetsResponse {
  const { NONE } = ErrorCode
  const rows = Array.from(deleted, ([topicId, topicName]) => ({
    ...{ topicName, topicId, errorCode: NONE },
    errorMessage: null
  }))
  return { throttleTimeMs: 0, errorCode: NONE, errorMessage: null, responses: [...rows, ...refused, ...failed] }
}

export function undeleted(errorCode: ErrorCode, errorMessage: string | null): DeleteShareGroupOffsetsResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage, responses: [] }
}
