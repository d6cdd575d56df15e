/**
 * TxnOffsetCommit, decided: the offsets that a producer commits for a group as part of its transaction (KIP-447; Kafka:
 * OffsetMetadataManager.commitTransactionalOffset, ClassicGroup.validateOffsetCommit).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { TxnOffsetCommitRequest } from '../../../protocol/generated/api/txn-offset-commit-request.ts'
import type { TxnOffsetCommitResponse } from '../../../protocol/generated/api/txn-offset-commit-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import type { StateRecord } from '../../coordinator.ts'
import { checkMember } from '../classic/validate.ts'
import type { Round } from '../classic/waiting.ts'
import { offsetCommitRecord } from '../records.ts'
import { type CommitCircumstances, type OffsetToCommit, sortCommit, type TopicsAsAsked } from './commit.ts'

type Request = Decoded<TxnOffsetCommitRequest>

const firstVersionWithTopicIds = 6

/** What the group takes of a request; the rest is answered already. */
export interface OffsetsWithin {
  readonly records: readonly StateRecord[]
  /** With the error for what the records are about, as the log has taken or refused them. */
  answer(errorCode: ErrorCode): TxnOffsetCommitResponse
}

/** Whether this caller may commit for the group now. One who names neither a generation nor a member always may: its producer is fenced. */
export function checkCommitWithin(round: Round | undefined, request: Request): ErrorCode {
  const { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId } = request
  if (groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (round === undefined) return generationId < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION
  if (generationId < 0 && round.state === 'Empty') return ErrorCode.NONE
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.NONE
  const errorCode = checkMember(round, memberId, groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  return generationId === round.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION
}

/** The answer when nobody takes what exists: what does not is told all the same. */
export function refusedWithin(errorCode: ErrorCode, request: Request, asked: TopicsAsAsked): TxnOffsetCommitResponse {
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
