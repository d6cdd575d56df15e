/**
 * Committed offsets that go because somebody says so: OffsetDelete, DeleteGroups, deleted topics
 * (Kafka: OffsetMetadataManager.deleteOffsets, GroupCoordinatorShard.deleteGroups, onPartitionsDeleted).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { OffsetDeleteRequest } from '../../../protocol/generated/api/offset-delete-request.ts'
import type { OffsetDeleteResponse } from '../../../protocol/generated/api/offset-delete-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import { type Decision, decide, refuse, type StateRecord } from '../../coordinator.ts'
import type { Group } from '../group.ts'
import { offsetTombstone } from '../records.ts'
import type { GroupsState } from '../state.ts'
import type { TopicNames } from '../topic-names.ts'
import { PartitionAnswers } from './partition-answers.ts'

/** Offsets in open transactions go too: they would come back when these are committed. */
type Offsets = Pick<GroupsState, 'offsets' | 'pendingOffsets'>

/** Offsets of topics that active consumers of the group read are kept: they would only commit them again. */
export function deleteOffsets(
  group: Group | undefined,
  request: Decoded<OffsetDeleteRequest>,
  { offsets, pendingOffsets }: Offsets,
  names: TopicNames
): Decision<OffsetDeleteResponse> {
  const { groupId } = request
  const groupError = checkDeleteOffsets(group, groupId)
  if (group === undefined || groupError !== ErrorCode.NONE) return refuse({ errorCode: groupError, topics: [] })
  const answers = new PartitionAnswers()
  const existing = request.topics.map(({ name, partitions }) => {
    const topic = { name, topicId: names.idOf(name) ?? ZERO_UUID }
    const indexes = partitions.map(({ partitionIndex }) => partitionIndex)
    for (const index of indexes) {
      if (!names.exists(name, index)) answers.add(topic, index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    }
    return { topic, indexes: indexes.filter((index) => names.exists(name, index)) }
  })
  const records: StateRecord[] = []
  for (const { topic, indexes } of existing) {
    const errorCode = group.reads(topic.name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE
    for (const partition of indexes) {
      answers.add(topic, partition, errorCode)
      const place = { groupId, topic: topic.name, partition }
      const isThere = offsets.get(groupId, topic.name, partition) !== undefined || pendingOffsets.has(place)
      if (errorCode === ErrorCode.NONE && isThere) records.push(offsetTombstone(place))
    }
  }
  return decide(records, { errorCode: ErrorCode.NONE, topics: answers.topics() })
}

function checkDeleteOffsets(group: Group | undefined, groupId: string): ErrorCode {
  if (groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (group?.hasOffsets !== true) return ErrorCode.GROUP_ID_NOT_FOUND
  return group.hidesWhatItReads ? ErrorCode.NON_EMPTY_GROUP : ErrorCode.NONE
}

/** The whole group, with all that it committed. */
export function deleteGroup(group: Group | undefined, { offsets, pendingOffsets }: Offsets): Decision<ErrorCode> {
  if (group === undefined) return refuse<ErrorCode>(ErrorCode.GROUP_ID_NOT_FOUND)
  if (!group.isEmpty) return refuse<ErrorCode>(ErrorCode.NON_EMPTY_GROUP)
  const { groupId } = group
  const records: StateRecord[] = []
  for (const [topic, partitions] of [...(offsets.of(groupId) ?? []), ...(pendingOffsets.of(groupId) ?? [])]) {
    for (const partition of partitions.keys()) records.push(offsetTombstone({ groupId, topic, partition }))
  }
  return decide<ErrorCode>([...records, ...group.tombstones()], ErrorCode.NONE)
}

/** Whether the topic is there that an offset was committed for: by its name, and by its id, all zeros where the record does not tell it. */
export type IsThere = (topic: string, topicId: string) => boolean

/** By what topics there are now: one that was made anew under its name is another one. */
export function isThereNow(names: TopicNames): IsThere {
  return (topic, topicId) => {
    const idNow = names.idOf(topic)
    return idNow !== undefined && (topicId === idNow || topicId === ZERO_UUID)
  }
}

/** Every offset of topics that are gone. */
export function offsetsOfDeletedTopics({ offsets, pendingOffsets }: Offsets, isThere: IsThere): StateRecord[] {
  const records: StateRecord[] = []
  const topics = union(offsets.topics.withMissing(isThere), pendingOffsets.topics.withMissing(isThere))
  for (const topic of topics) {
    for (const groupId of union(offsets.topics.groupsOf(topic), pendingOffsets.topics.groupsOf(topic))) {
      const [committed, pending] = [offsets.of(groupId)?.get(topic), pendingOffsets.of(groupId)?.get(topic)]
      for (const partition of union(committed?.keys() ?? [], pending?.keys() ?? [])) {
        const place = { groupId, topic, partition }
        // A tombstone takes away what is committed and what may yet be.
        const topicId = committed?.get(partition)?.topicId
        const isOfThere =
          (topicId !== undefined && isThere(topic, topicId)) ||
          pendingOffsets.at(place).some((one) => isThere(topic, one.topicId))
        if (!isOfThere) records.push(offsetTombstone(place))
      }
    }
  }
  return records
}

function union<Item>(some: Iterable<Item>, others: Iterable<Item>): Set<Item> {
  return new Set([...some, ...others])
}
