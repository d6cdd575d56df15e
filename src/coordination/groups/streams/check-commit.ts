/**
 * Whether a member of a streams group may commit offsets (Kafka: StreamsGroup.validateOffsetCommit). One that has not heard yet of its newest
 * epoch may commit for what its active tasks read that it has had since the epoch that it names (as KIP-1251).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CheckPartition, Committer } from '../group.ts'
import type { StreamsMember } from './member.ts'
import type { StreamsGroup } from './state.ts'
import { inputTopics } from './topology/partition-counts.ts'

const firstVersionOfStreamsMembers = 9

export function checkStreamsCommit(group: StreamsGroup, committer: Committer): ErrorCode | CheckPartition {
  const { memberId, groupInstanceId, epoch, isTransactional, apiVersion } = committer
  if (epoch < 0 && group.isEmpty) return ErrorCode.NONE
  // Whoever commits within a transaction and names nobody may always: its producer is fenced.
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return ErrorCode.NONE
  const member = group.members.get(memberId)
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  if (!isTransactional && apiVersion < firstVersionOfStreamsMembers) return ErrorCode.UNSUPPORTED_VERSION
  if (epoch === member.epoch) return ErrorCode.NONE
  if (epoch > member.epoch) return ErrorCode.STALE_MEMBER_EPOCH
  return ({ name }, partition) => {
    const since = hadSince(group, member, name, partition)
    return since !== undefined && epoch >= since ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH
  }
}

/** In which epoch the task was given to it that reads this partition. */
function hadSince(group: StreamsGroup, member: StreamsMember, topic: string, partition: number) {
  const reader = group.topology?.subtopologies.find((subtopology) => inputTopics(subtopology).includes(topic))
  if (reader === undefined) return undefined
  const { assigned, pendingRevocation } = member
  const epochsOf = ({ active }: StreamsMember['assigned']) => active.get(reader.subtopologyId)?.get(partition)
  return epochsOf(assigned) ?? epochsOf(pendingRevocation)
}
