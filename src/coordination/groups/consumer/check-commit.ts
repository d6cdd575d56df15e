/**
 * Whether a member of a consumer group may commit offsets (Kafka: ConsumerGroup.validateOffsetCommit). One that has not heard yet of its
 * newest epoch may commit for the partitions that it has had since the epoch that it names (KIP-1251).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CheckPartition, Committer } from '../group.ts'
import type { ConsumerMember } from './member.ts'
import type { ConsumerGroup } from './state.ts'

const firstVersionOfConsumerMembers = 9
const firstTransactionalVersionWithStaleEpochs = 6

export function checkConsumerCommit(group: ConsumerGroup, committer: Committer): ErrorCode | CheckPartition {
  const { memberId, groupInstanceId, epoch, isTransactional, apiVersion } = committer
  if (epoch < 0 && group.isEmpty) return ErrorCode.NONE
  // Whoever commits within a transaction and names nobody may always: its producer is fenced.
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return ErrorCode.NONE
  const member = group.members.get(memberId)
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  const isClassic = member.classic !== null
  if (!isTransactional && !isClassic && apiVersion < firstVersionOfConsumerMembers) return ErrorCode.UNSUPPORTED_VERSION
  if (epoch === member.epoch) return ErrorCode.NONE
  const hasStale = !isTransactional || apiVersion >= firstTransactionalVersionWithStaleEpochs
  const stale = !isClassic && hasStale ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION
  if (epoch > member.epoch) return stale
  return ({ topicId }, partition) => (hasSince(member, epoch, topicId, partition) ? ErrorCode.NONE : stale)
}

function hasSince({ assigned, pendingRevocation }: ConsumerMember, epoch: number, topicId: string, partition: number) {
  const since = assigned.get(topicId)?.get(partition) ?? pendingRevocation.get(topicId)?.get(partition)
  return since !== undefined && epoch >= since
}
