/**
 * AlterShareGroupOffsets, decided (KIP-932; Kafka: GroupMetadataManager.alterShareGroupOffsets): the share partitions of a group without
 * members begin at other offsets, whatever they were before. A group that is not there is made.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { AlterShareGroupOffsetsRequest } from '../../../protocol/generated/api/alter-share-group-offsets-request.ts'
import type { AlterShareGroupOffsetsResponse } from '../../../protocol/generated/api/alter-share-group-offsets-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import type { StateRecord } from '../../coordinator.ts'
import { type ShareStateAnswer, unknownPartition } from '../../share-states/objection.ts'
import type { TopicNames } from '../topic-names.ts'
import type { AnsweredPartition } from './ask-each.ts'
import { statePartitionsRecord } from './records.ts'
import type { ShareGroup } from './state.ts'
import { beginInitializing, noStatePartitions, type PartitionFrom, statePartitionsValue } from './state-partitions.ts'

type Request = Decoded<AlterShareGroupOffsetsRequest>

export interface Alteration {
  readonly records: readonly StateRecord[]
  /** What share coordinators are to be told. */
  readonly partitions: readonly PartitionFrom[]
}

export function alterOffsets(group: ShareGroup, { topics }: Request, names: TopicNames): Alteration {
  const altered = new Map<string, PartitionFrom>()
  const byTopic = new Map<string, { name: string; partitions: Set<number> }>()
  for (const { topicName: name, partitions } of topics) {
    const topicId = names.idOf(name)
    if (topicId === undefined) continue
    for (const { partitionIndex: partition, startOffset } of partitions) {
      if (!names.exists(name, partition)) continue
      // Of a partition that is named twice the last offset holds.
      altered.set(`${topicId}:${partition}`, { topicId, partition, startOffset })
      const topic = byTopic.get(topicId) ?? { name, partitions: new Set<number>() }
      byTopic.set(topicId, topic)
      topic.partitions.add(partition)
    }
  }
  if (altered.size === 0) return { records: [], partitions: [] }
  const states = beginInitializing(group.statePartitions ?? noStatePartitions, byTopic)
  const record = statePartitionsRecord(group.groupId, statePartitionsValue(states))
  return { records: [record], partitions: [...altered.values()] }
}

/** What each is told, once share coordinators have answered. A topic that is named twice is told of once. */
export function alteredAnswer(
  { topics }: Request,
  answered: readonly AnsweredPartition<PartitionFrom>[],
  names: TopicNames
): AlterShareGroupOffsetsResponse {
  const answers = new Map<string, ShareStateAnswer>()
  for (const { topicId, partition, answer } of answered) answers.set(`${topicId}:${partition}`, answer)
  const rows = new Map<string, AlterShareGroupOffsetsResponse['responses'][number]>()
  for (const { topicName, partitions } of topics) {
    const topicId = names.idOf(topicName) ?? ZERO_UUID
    const row = rows.get(topicName) ?? { topicName, topicId, partitions: [] }
    const more = partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      ...(answers.get(`${topicId}:${partitionIndex}`) ?? unknownPartition)
    }))
    rows.set(topicName, { ...row, partitions: [...row.partitions, ...more] })
  }
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, responses: [...rows.values()] }
}

export function unaltered(errorCode: ErrorCode, errorMessage: string | null): AlterShareGroupOffsetsResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage, responses: [] }
}
