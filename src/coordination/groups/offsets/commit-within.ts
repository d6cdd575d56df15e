/**
 * TxnOffsetCommit, decided: the offsets that a producer commits for a group as part of its transaction (KIP-447; Kafka:
 * OffsetMetadataManager.commitTransactionalOffset).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { TxnOffsetCommitRequest } from '../../../protocol/generated/api/txn-offset-commit-request.ts'
import type { TxnOffsetCommitResponse } from '../../../protocol/generated/api/txn-offset-commit-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { Group } from '../group.ts'
import { offsetCommitRecord } from '../records.ts'
import { type CommitCircumstances, checkEach, type OffsetToCommit, sortCommit, type TopicsAsAsked } from './commit.ts'

type Request = Decoded<TxnOffsetCommitRequest>

const firstVersionWithTopicIds = 6

/** What the group takes of a request; the rest is answered already. */
export interface OffsetsWithin {
  readonly records: readonly StateRecord[]
  /** With the error for what the records are about, as the log has taken or refused them. */
  answer(errorCode: ErrorCode): TxnOffsetCommitResponse
}

/** Whether this caller may commit for the group now. */
export function checkCommitWithin(group: Group | undefined, request: Request, asked: TopicsAsAsked): ErrorCode {
  const { groupId, generationIdOrMemberEpoch: epoch, memberId, groupInstanceId } = request
  const { apiVersion } = asked
  if (groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (group === undefined && epoch < 0) return ErrorCode.NONE
  if (group === undefined)
    return apiVersion >= firstVersionWithTopicIds ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION
  const checked = group.checkCommit({ memberId, groupInstanceId, epoch, isTransactional: true, apiVersion })
  return checkEach(checked, () => sortWithin(request, asked).offsets)
}

/** The answer when nobody takes what exists: what does not is told all the same. */
export function refusedWithin(errorCode: number, request: Request, asked: TopicsAsAsked): TxnOffsetCommitResponse {
  const { answers, offsets } = sortWithin(request, asked)
  for (const { topic, partition } of offsets) answers.add(topic, partition, errorCode)
  return { throttleTimeMs: 0, topics: answers.topics() }
}

/** Whether the request names a partition that exists. */
export function asksForAny(request: Request, asked: TopicsAsAsked): boolean {
  return sortWithin(request, asked).offsets.length > 0
}

export function offsetsWithin(request: Request, circumstances: CommitCircumstances): OffsetsWithin {
  const { answers, offsets } = sortWithin(request, circumstances)
  const { nowMs, config } = circumstances
  const taken: OffsetToCommit[] = []
  for (const toCommit of offsets) {
    if (toCommit.metadata.length <= config.offsetMetadataMaxSizeBytes) taken.push(toCommit)
    else answers.add(toCommit.topic, toCommit.partition, ErrorCode.OFFSET_METADATA_TOO_LARGE)
  }
  const records = taken.map(({ topic, partition, offset, leaderEpoch, metadata }) =>
    offsetCommitRecord(
      { groupId: request.groupId, topic: topic.name, partition },
      {
        ...{ offset, leaderEpoch, metadata, topicId: topic.topicId },
        commitTimestampMs: nowMs,
        expireTimestampMs: null
      }
    )
  )
  return {
    records,
    answer(errorCode) {
      for (const { topic, partition } of taken) answers.add(topic, partition, errorCode)
      return { throttleTimeMs: 0, topics: answers.topics() }
    }
  }
}

function sortWithin({ topics }: Request, { apiVersion, topics: names }: TopicsAsAsked): ReturnType<typeof sortCommit> {
  return sortCommit(topics, apiVersion >= firstVersionWithTopicIds ? 'ids' : 'names', names)
}
