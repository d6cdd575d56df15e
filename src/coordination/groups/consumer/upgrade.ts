/**
 * A classic group becomes a consumer group when a member of the consumer protocol joins it (KIP-848; Kafka: validateOnlineUpgrade,
 * ConsumerGroup.fromClassicGroup). Its members stay, with what they have, in the epoch that was their generation.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { FoundGroup } from '../classic/draft.ts'
import { consumerProtocolType, metadataFor, type Round, type RoundMember } from '../classic/waiting.ts'
import type { GroupConfig } from '../group-config.ts'
import { groupTombstone } from '../records.ts'
import type { GroupTopics } from '../topic-names.ts'
import { byTopicId, readAssignment, readSubscription } from './consumer-protocol.ts'
import { type ConsumerMember, MemberState, newMember } from './member.ts'
import { noPartitions, type Partitions, toPartitions, withEpoch } from './partitions.ts'
import { assignmentRecord, currentRecord, groupRecord, memberRecord, targetRecord } from './records.ts'
import { type Refusal, refusal } from './refusal.ts'
import { ConsumerGroup } from './state.ts'
import { groupHash } from './topic-hash.ts'

export interface Upgraded {
  readonly group: ConsumerGroup
  readonly records: readonly StateRecord[]
}

export interface UpgradeCircumstances {
  readonly config: GroupConfig
  readonly topics: GroupTopics
  hashOf(name: string): bigint
}

export function upgrade(found: FoundGroup, round: Round, circumstances: UpgradeCircumstances): Upgraded | Refusal {
  const { groupId } = found
  const why = objectionTo(round, circumstances.config)
  if (why !== null) return cannotUpgrade(groupId, why)
  const { config: _, topics, hashOf } = circumstances
  const group = new ConsumerGroup(groupId)
  group.epoch = round.generation
  group.assignmentEpoch = round.generation
  for (const member of round.members.values()) {
    const assigned = assignedTo(found, round, member, topics)
    const upgraded = typeof assigned === 'string' ? assigned : memberFrom(round, member, assigned)
    if (typeof upgraded === 'string' || typeof assigned === 'string') return cannotUpgrade(groupId, String(upgraded))
    group.putTarget(member.memberId, assigned)
    group.putMember(upgraded)
  }
  group.metadataHash = groupHash(group.subscriptions.topics(), topics, hashOf)
  return { group, records: [groupTombstone(groupId), ...recordsOf(group)] }
}

function cannotUpgrade(groupId: string, why: string): Refusal {
  const what = `Cannot upgrade classic group ${groupId} to consumer group because ${why}`
  return refusal(ErrorCode.GROUP_ID_NOT_FOUND, `${what}.`)
}

function objectionTo(round: Round, { migrationPolicy, consumerMaxSize }: GroupConfig): string | null {
  if (migrationPolicy !== 'bidirectional' && migrationPolicy !== 'upgrade') return 'online upgrade is disabled'
  if (round.protocolType !== consumerProtocolType) return 'the group does not use the consumer embedded protocol'
  if (round.members.size > consumerMaxSize) return 'the group size exceeds the consumer group maximum size'
  return null
}

/** Or why that cannot be told. */
function assignedTo(
  { metadata }: FoundGroup,
  round: Round,
  member: RoundMember,
  topics: GroupTopics
): Partitions | string {
  const bytes = round.hasAssignment ? metadata?.members.get(member.memberId)?.assignment : undefined
  if (bytes === undefined || bytes.length === 0) return noPartitions
  const assignment = readAssignment(bytes)
  if (assignment === 'malformed') return 'the embedded consumer protocol is malformed'
  if (assignment.userData !== null && assignment.userData.length > 0) {
    const advice = 'Please refer to the documentation or switch to a default assignor before re-attempting the upgrade'
    return `an unsupported custom assignor is in use. ${advice}`
  }
  return toPartitions(byTopicId(assignment.assignedPartitions, topics))
}

function memberFrom(round: Round, member: RoundMember, assigned: Partitions): ConsumerMember | string {
  const { memberId, groupInstanceId, rebalanceTimeoutMs, clientId, clientHost, sessionTimeoutMs, protocols } = member
  const subscription = readSubscription(metadataFor(member, round.protocol))
  if (subscription === 'malformed') return 'the embedded consumer protocol is malformed'
  return {
    ...newMember(memberId),
    ...{ rebalanceTimeoutMs, clientId, clientHost },
    epoch: round.generation,
    previousEpoch: round.generation,
    state: MemberState.stable,
    instanceId: groupInstanceId,
    rackId: subscription.rackId || null,
    topicNames: new Set(subscription.topics),
    assigned: withEpoch(assigned, round.generation),
    classic: { sessionTimeoutMs, supportedProtocols: [...protocols] }
  }
}

function recordsOf(group: ConsumerGroup): StateRecord[] {
  const { groupId, epoch, metadataHash, assignmentEpoch, assignmentTimestampMs } = group
  const members = [...group.members.values()]
  return [
    ...members.map((member) => memberRecord(groupId, member)),
    groupRecord(groupId, epoch, metadataHash),
    ...members.map(({ memberId }) => targetRecord(groupId, memberId, group.target(memberId))),
    assignmentRecord(groupId, assignmentEpoch, assignmentTimestampMs),
    ...members.map((member) => currentRecord(groupId, member))
  ]
}
