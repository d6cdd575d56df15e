/** A consumer group as ConsumerGroupDescribe shows it (Kafka: ConsumerGroup.asDescribedGroup). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type {
  ConsumerGroupDescribeResponseDescribedGroup,
  ConsumerGroupDescribeResponseMember
} from '../../../protocol/generated/api/consumer-group-describe-response.ts'
import type { TopicNames } from '../topic-names.ts'
import type { ConsumerMember } from './member.ts'
import type { ConsumerGroup } from './state.ts'

const [classicType, consumerType] = [0, 1]

type Described = ConsumerGroupDescribeResponseDescribedGroup
type NumbersByTopic = ReadonlyMap<string, { keys(): Iterable<number> }>

export function describedConsumerGroup(group: ConsumerGroup, assignor: string, topics: TopicNames): Described {
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.wantedAssignor() ?? assignor,
    members: Array.from(group.members.values(), (member) => describedMember(group, member, topics))
  }
}

export function undescribedConsumerGroup(
  groupId: string,
  errorCode: ErrorCode,
  errorMessage: string | null
): Described {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
  return { errorCode, errorMessage, groupId, ...nothing }
}

/** What it is to give up is still its own. */
function describedMember(
  group: ConsumerGroup,
  member: ConsumerMember,
  topics: TopicNames
): ConsumerGroupDescribeResponseMember {
  const { memberId, instanceId, rackId, clientId, clientHost } = member
  return {
    ...{ memberId, instanceId, rackId, clientId, clientHost },
    memberEpoch: member.epoch,
    subscribedTopicNames: [...member.topicNames],
    subscribedTopicRegex: member.expression,
    assignment: named([member.assigned, member.pendingRevocation], topics),
    targetAssignment: named([group.target(memberId)], topics),
    memberType: member.classic === null ? consumerType : classicType
  }
}

function named(assignments: readonly NumbersByTopic[], topics: TopicNames) {
  const byTopic = new Map<string, number[]>()
  for (const assignment of assignments) {
    for (const [topicId, numbers] of assignment) {
      byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), ...numbers.keys()])
    }
  }
  const topicPartitions = Array.from(byTopic).flatMap(([topicId, partitions]) => {
    const topicName = topics.nameOf(topicId)
    return topicName === undefined ? [] : [{ topicId, topicName, partitions }]
  })
  return { topicPartitions }
}
