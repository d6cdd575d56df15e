/** A share group as ShareGroupDescribe shows it (Kafka: ShareGroup.asDescribedGroup). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ShareGroupDescribeResponseDescribedGroup } from '../../../protocol/generated/api/share-group-describe-response.ts'
import type { TopicNames } from '../topic-names.ts'
import type { ShareGroup } from './state.ts'

export const simpleAssignor = 'simple'

type Described = ShareGroupDescribeResponseDescribedGroup

export function describedShareGroup(group: ShareGroup, topics: TopicNames): Described {
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: simpleAssignor,
    members: Array.from(group.members.values(), (member) => {
      const { memberId, rackId, epoch: memberEpoch, clientId, clientHost, topicNames, assigned } = member
      const topicPartitions = Array.from(assigned).flatMap(([topicId, partitions]) => {
        const topicName = topics.nameOf(topicId)
        return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...partitions] }]
      })
      const subscribedTopicNames = [...topicNames]
      return {
        ...{ memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames },
        assignment: { topicPartitions }
      }
    })
  }
}

export function undescribedShareGroup(groupId: string, errorCode: ErrorCode, errorMessage: string | null): Described {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
  return { errorCode, errorMessage, groupId, ...nothing }
}
