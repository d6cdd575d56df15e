/** A classic group as DescribeGroups shows it (Kafka: GroupMetadataManager.describeGroups). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { DescribeGroupsResponseDescribedGroup } from '../../../protocol/generated/api/describe-groups-response.ts'
import type { GroupMetadata } from './state.ts'
import { metadataFor, type Round } from './waiting.ts'

const nothing = Buffer.alloc(0)

export function describedGroup(
  groupId: string,
  metadata: GroupMetadata | undefined,
  round: Round
): DescribeGroupsResponseDescribedGroup {
  const isStable = round.state === 'Stable'
  const assigned = round.hasAssignment ? metadata?.members : undefined
  return {
    errorCode: ErrorCode.NONE,
    groupId,
    groupState: round.state,
    protocolType: round.protocolType ?? '',
    protocolData: isStable ? (round.protocol ?? '') : '',
    members: Array.from(round.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataFor(member, round.protocol) : nothing,
      memberAssignment: assigned?.get(member.memberId)?.assignment ?? nothing
    }))
  }
}

/** A group that is not there is Dead. */
export function missingGroup(groupId: string): DescribeGroupsResponseDescribedGroup {
  const answer = undescribedGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND)
  return { ...answer, groupState: 'Dead', errorMessage: `Group ${groupId} not found.` }
}

/** Nor is one of another kind, to whoever asks for a classic one. */
export function foreignGroup(groupId: string): DescribeGroupsResponseDescribedGroup {
  return { ...missingGroup(groupId), errorMessage: `Group ${groupId} is not a classic group.` }
}

export function undescribedGroup(groupId: string, errorCode: ErrorCode): DescribeGroupsResponseDescribedGroup {
  return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
}
