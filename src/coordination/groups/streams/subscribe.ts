/**
 * What follows from what a member says of itself: its record, the group's topology, and whether the group is in another epoch (Kafka:
 * maybeUpdateTopology, hasStreamsMemberMetadataChanged).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../protocol/generated/api/streams-group-heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { type Refusal, refusal } from '../consumer/refusal.ts'
import type { StreamsDraft, StreamsGroupSettings } from './draft.ts'
import { isAssignedAlike, type StreamsMember, saidBytes, saysTheSame } from './member.ts'
import { groupRecord, memberRecord, topologyRecord } from './records.ts'
import type { ConfiguredTopology } from './topology/configure.ts'
import { sameTopology, type Topology, topologyBytes, topologyOf } from './topology/topology.ts'

export interface StreamsSubscribed {
  readonly epoch: number
  readonly topology: Topology
  readonly configured: ConfiguredTopology
  readonly assignmentConfigs: ReadonlyMap<string, string>
}

/**
 * `before`: the member as it was, `after`: as it describes itself now. Whatever is new of it is another epoch of the group; of a static member only
 * what its tasks depend on.
 */
export function subscribe(
  draft: StreamsDraft,
  before: StreamsMember,
  after: StreamsMember,
  request: Pick<Decoded<StreamsGroupHeartbeatRequest>, 'topology' | 'instanceId'>
): StreamsSubscribed | Refusal {
  const { group, records } = draft
  const { groupId, metadata } = group
  const known = group.members.get(before.memberId)
  const topology = topologyFor(group.topology, request.topology)
  if ('errorCode' in topology) return topology
  if (!hasRoom(draft, known, after, topology)) {
    return refusal(ErrorCode.POLICY_VIOLATION, 'The members of this coordinator say too much of themselves.')
  }
  const { configured, metadataHash } = draft.onTopics(topology)
  if ('invalid' in configured) return refusal(ErrorCode.STREAMS_INVALID_TOPOLOGY, configured.invalid)
  const isTheSame = saysTheSame(before, after)
  if (!isTheSame) records.push(memberRecord(groupId, after))
  if (group.topology === null) records.push(topologyRecord(groupId, topology))
  const validatedTopologyEpoch = configured.status === null ? topology.epoch : -1
  const assignmentConfigs = assignmentConfigsOf(draft.settings)
  const isAsBefore =
    (isTheSame || (request.instanceId !== null && isAssignedAlike(before, after))) &&
    group.topology !== null &&
    metadataHash === metadata.metadataHash &&
    validatedTopologyEpoch === metadata.validatedTopologyEpoch &&
    sameConfigs(assignmentConfigs, metadata.assignmentConfigs)
  if (isAsBefore) return { epoch: group.epoch, topology, configured, assignmentConfigs }
  const epoch = group.epoch + 1
  records.push(groupRecord(groupId, { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs }))
  return { epoch, topology, configured, assignmentConfigs }
}

/** The first that is said is the group's for good. */
function topologyFor(
  known: Topology | null,
  said: Decoded<StreamsGroupHeartbeatRequest>['topology']
): Topology | Refusal {
  // A group without a topology has lost its record; whoever joins brings it again.
  if (said === null) return known ?? refusal(ErrorCode.UNKNOWN_MEMBER_ID, 'The group has no topology: join again.')
  const topology = topologyOf(said)
  if (known === null || known.epoch > topology.epoch) return known ?? topology
  if (sameTopology(known, topology)) return known
  return refusal(ErrorCode.INVALID_REQUEST, 'Topology updates are not supported yet.')
}

function hasRoom(draft: StreamsDraft, known: StreamsMember | undefined, after: StreamsMember, topology: Topology) {
  const ofMember = saidBytes(after) - (known ? saidBytes(known) : 0)
  const ofTopology = draft.group.topology === null ? topologyBytes(topology) : 0
  return ofMember + ofTopology <= Math.max(0, draft.roomBytes)
}

/** As Kafka names them in the log. */
export function assignmentConfigsOf({ numStandbyReplicas, rackAwareTags }: StreamsGroupSettings): Map<string, string> {
  const configs = new Map([['num.standby.replicas', String(numStandbyReplicas)]])
  if (rackAwareTags.length > 0) configs.set('rack.aware.assignment.tags', rackAwareTags.join(','))
  return configs
}

function sameConfigs(some: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): boolean {
  if (some.size !== others.size) return false
  for (const [key, value] of some) if (others.get(key) !== value) return false
  return true
}
