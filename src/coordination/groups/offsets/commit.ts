/**
 * OffsetCommit, decided: which offsets are written, and what each partition is told (Kafka: OffsetMetadataManager.commitOffset,
 * KafkaApis.handleOffsetCommitRequest). Whether the caller may commit is for the group to say (`group.ts`).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { OffsetCommitRequest } from '../../../protocol/generated/api/offset-commit-request.ts'
import type { OffsetCommitResponse } from '../../../protocol/generated/api/offset-commit-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { ZERO_UUID } from '../../../protocol/primitives.ts'
import { type Decision, decide, refuse } from '../../coordinator.ts'
import type { CheckPartition, Group } from '../group.ts'
import type { GroupConfig } from '../group-config.ts'
import { offsetCommitRecord } from '../records.ts'
import type { TopicNames } from '../topic-names.ts'
import { PartitionAnswers, type TopicKey } from './partition-answers.ts'
import type { CommittedOffset } from './state.ts'

type Request = Decoded<OffsetCommitRequest>

/** What it takes to know which topics a request means. */
export interface TopicsAsAsked {
  readonly apiVersion: number
  readonly topics: TopicNames
}

export interface CommitCircumstances extends TopicsAsAsked {
  readonly nowMs: number
  readonly config: GroupConfig
}

/** An offset for a partition that exists. */
export interface OffsetToCommit {
  readonly topic: TopicKey
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

const firstVersionWithTopicIds = 10
const firstVersionWithGroupNotFound = 9
const noRetention = -1

/** What the existing part of the request comes to; the rest is answered already. Empty offsets: the group is not asked. */
interface SortedCommit {
  readonly answers: PartitionAnswers
  readonly offsets: readonly OffsetToCommit[]
}

/** Parts what can be committed from what names no partition of this cluster. */
export function sortCommit(
  requested: Decoded<OffsetCommitRequest>['topics'],
  by: 'ids' | 'names',
  topics: TopicNames
): SortedCommit {
  const answers = new PartitionAnswers()
  const offsets: OffsetToCommit[] = []
  for (const { name, topicId, partitions } of requested) {
    const known = by === 'ids' ? topics.nameOf(topicId) : name
    const topic = { name: known ?? '', topicId: known === undefined ? topicId : (topics.idOf(known) ?? ZERO_UUID) }
    for (const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } of partitions) {
      if (known === undefined) {
        answers.add(topic, partitionIndex, ErrorCode.UNKNOWN_TOPIC_ID)
      } else if (!topics.exists(known, partitionIndex)) {
        answers.add(topic, partitionIndex, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      } else {
        const metadata = committedMetadata ?? ''
        const [offset, leaderEpoch] = [committedOffset, committedLeaderEpoch]
        offsets.push({ topic, partition: partitionIndex, offset, leaderEpoch, metadata })
      }
    }
  }
  return { answers, offsets }
}

function sortAsked({ topics }: Request, { apiVersion, topics: names }: TopicsAsAsked): SortedCommit {
  return sortCommit(topics, apiVersion >= firstVersionWithTopicIds ? 'ids' : 'names', names)
}

/** Whether this caller may commit for the group now. */
export function checkCommit(group: Group | undefined, request: Request, asked: TopicsAsAsked): ErrorCode {
  const { generationIdOrMemberEpoch: epoch, memberId, groupInstanceId } = request
  const { apiVersion } = asked
  if (group === undefined) {
    if (epoch < 0) return ErrorCode.NONE
    return apiVersion >= firstVersionWithGroupNotFound ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION
  }
  const checked = group.checkCommit({ memberId, groupInstanceId, epoch, isTransactional: false, apiVersion })
  return checkEach(checked, () => sortAsked(request, asked).offsets)
}

/** The first error of a partition is for the whole commit (Kafka: CommitPartitionValidator). */
export function checkEach(checked: ErrorCode | CheckPartition, offsets: () => readonly OffsetToCommit[]): ErrorCode {
  if (typeof checked !== 'function') return checked
  for (const { topic, partition } of offsets()) {
    const errorCode = checked(topic, partition)
    if (errorCode !== ErrorCode.NONE) return errorCode
  }
  return ErrorCode.NONE
}

/** The answer when the group refuses, or nobody here looks after it: what does not exist is told all the same. */
export function refusedCommit(errorCode: ErrorCode, request: Request, asked: TopicsAsAsked): OffsetCommitResponse {
  const { answers, offsets } = sortAsked(request, asked)
  for (const { topic, partition } of offsets) answers.add(topic, partition, errorCode)
  return { topics: answers.topics() }
}

export function commit(
  groupError: ErrorCode,
  request: Request,
  circumstances: CommitCircumstances
): Decision<OffsetCommitResponse> {
  if (groupError !== ErrorCode.NONE) return refuse(refusedCommit(groupError, request, circumstances))
  const { answers, offsets } = sortAsked(request, circumstances)
  const { nowMs, config } = circumstances
  const expireTimestampMs = request.retentionTimeMs === noRetention ? null : nowMs + request.retentionTimeMs
  const records = offsets.flatMap((toCommit) => {
    const { topic, partition, offset, leaderEpoch, metadata } = toCommit
    if (metadata.length > config.offsetMetadataMaxSizeBytes) {
      answers.add(topic, partition, ErrorCode.OFFSET_METADATA_TOO_LARGE)
      return []
    }
    answers.add(topic, partition, ErrorCode.NONE)
    const place = { groupId: request.groupId, topic: topic.name, partition }
    const committed: CommittedOffset = {
      offset,
      leaderEpoch,
      metadata,
      commitTimestampMs: nowMs,
      expireTimestampMs,
      topicId: topic.topicId
    }
    return [offsetCommitRecord(place, committed)]
  })
  return decide(records, { topics: answers.topics() })
}
