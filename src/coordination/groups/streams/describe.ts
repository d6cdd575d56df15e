/** A streams group as StreamsGroupDescribe shows it (Kafka: StreamsGroup.asDescribedGroup). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StreamsGroupDescribeResponseDescribedGroup } from '../../../protocol/generated/api/streams-group-describe-response.ts'
import type { SoftStreamsState } from './draft.ts'
import type { StreamsMember } from './member.ts'
import type { StreamsGroup } from './state.ts'
import { noTaskOffsets } from './task-offsets.ts'
import { type Tasks, toTaskIds } from './tasks.ts'
import type { ConfiguredTopology } from './topology/configure.ts'
import type { Topology } from './topology/topology.ts'

export const stickyAssignor = 'sticky'
/** What is told of a description of the topology in words, which only a plugin of the broker keeps (KIP-1331). */
const DescriptionStatus = { notAsked: 0, notStored: 1 } as const

type Described = StreamsGroupDescribeResponseDescribedGroup

/** `configured`: what its topology comes to; null when it has none. */
export function describedStreamsGroup(
  group: StreamsGroup,
  configured: ConfiguredTopology | null,
  soft: SoftStreamsState,
  wantsDescription: boolean
): Described {
  return {
    ...{ errorCode: ErrorCode.NONE, errorMessage: null, groupId: group.groupId },
    groupState: group.stateOf(configured?.status === null),
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    topology: group.topology === null ? null : describedTopology(group.topology, configured),
    members: Array.from(group.members.values(), (member) => describedMember(group, member, soft)),
    topologyDescription: null,
    topologyDescriptionStatus: wantsDescription ? DescriptionStatus.notStored : DescriptionStatus.notAsked,
    assignorName: stickyAssignor
  }
}

/** Internal topics with the partitions that they are to have, once the topology can be assigned. */
function describedTopology({ epoch, subtopologies }: Topology, configured: ConfiguredTopology | null) {
  const ready = configured?.status === null ? configured.subtopologies : null
  const described = subtopologies.map((subtopology) => {
    const { subtopologyId, sourceTopics, repartitionSinkTopics } = subtopology
    const { stateChangelogTopics, repartitionSourceTopics } = ready?.get(subtopologyId) ?? subtopology
    return {
      subtopologyId,
      sourceTopics: [...sourceTopics].sort(),
      repartitionSinkTopics: [...repartitionSinkTopics].sort(),
      stateChangelogTopics: byName(stateChangelogTopics),
      repartitionSourceTopics: byName(repartitionSourceTopics)
    }
  })
  return { epoch, subtopologies: described.sort((one, other) => (one.subtopologyId < other.subtopologyId ? -1 : 1)) }
}

function describedMember(group: StreamsGroup, member: StreamsMember, soft: SoftStreamsState) {
  const { memberId, epoch: memberEpoch, instanceId, rackId, clientId, clientHost, topologyEpoch, processId } = member
  const { offsets: taskOffsets, endOffsets: taskEndOffsets } = soft.taskOffsets.byMember.get(memberId) ?? noTaskOffsets
  return {
    ...{ memberId, memberEpoch, instanceId, rackId, clientId, clientHost, topologyEpoch, processId },
    userEndpoint: member.endpoint,
    clientTags: Array.from(member.clientTags, ([key, value]) => ({ key, value })),
    ...{ taskOffsets, taskEndOffsets, isClassic: false },
    assignment: describedTasks(member.assigned),
    targetAssignment: describedTasks(group.target(memberId))
  }
}

function describedTasks({ active, standby, warmup }: Tasks | StreamsMember['assigned']) {
  return { activeTasks: toTaskIds(active), standbyTasks: toTaskIds(standby), warmupTasks: toTaskIds(warmup) }
}

function byName<Topic extends { readonly name: string }>(topics: readonly Topic[]): Topic[] {
  return [...topics].sort((one, other) => (one.name < other.name ? -1 : 1))
}

export function undescribedStreamsGroup(groupId: string, errorCode: ErrorCode, errorMessage: string | null): Described {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, topology: null, members: [] }
  return { errorCode, errorMessage, groupId, ...nothing }
}
