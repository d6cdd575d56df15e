/** Applies a record of a streams group to its hard state (Kafka: GroupMetadataManager.replay for the keys StreamsGroup…). */

import { ProtocolError } from '../../../protocol/primitives.ts'
import { isSimple } from '../classic/state.ts'
import type { GroupsState } from '../state.ts'
import { goneEpoch, newStreamsMember, type StreamsMember } from './member.ts'
import type { StreamsGroupRecord } from './records.ts'
import { StreamsGroup } from './state.ts'
import { fromTaskIds, type HeldTasks, noHeldTasks, type TaskIds } from './tasks.ts'

export function replayStreamsGroup(state: GroupsState, record: StreamsGroupRecord): void {
  const { groupId } = record
  const group = record.value === null ? state.streams(groupId) : foundOrMade(state, groupId)
  // What was taken away before needs no taking away.
  if (group === undefined) return
  if (record.kind === 'streams group' && record.value === null) state.groups.delete(groupId)
  else apply(group, record)
}

function foundOrMade(state: GroupsState, groupId: string): StreamsGroup {
  const found = state.groups.get(groupId)
  if (found?.kind === 'streams') return found
  // What was a group with members, or of another kind, is taken out of the log before it becomes this kind.
  if (found !== undefined && !(found.kind === 'classic' && isSimple(found)))
    throw new ProtocolError(`${groupId} is of two kinds`)
  const group = new StreamsGroup(groupId)
  state.groups.set(groupId, group)
  return group
}

function apply(group: StreamsGroup, record: StreamsGroupRecord): void {
  switch (record.kind) {
    case 'streams group':
      if (record.value !== null) group.metadata = metadataOf(record.value)
      return
    case 'streams topology':
      group.topology = record.value
      return
    case 'streams assignment':
      group.putAssignment(record.value)
      return
    case 'streams target':
      replayTarget(group, record)
      return
    case 'streams member':
      replayMember(group, record)
      return
    case 'streams current':
      replayCurrent(group, record)
  }
}

type GroupValue = NonNullable<(StreamsGroupRecord & { readonly kind: 'streams group' })['value']>

function metadataOf({ epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs }: GroupValue) {
  const configs = lastAssignmentConfigs ?? []
  const assignmentConfigs = new Map(configs.map(({ key, value }): [string, string] => [key, value]))
  return { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs }
}

function replayTarget(
  group: StreamsGroup,
  { memberId, value }: StreamsGroupRecord & { readonly kind: 'streams target' }
) {
  if (value === null) {
    group.removeTarget(memberId)
    return
  }
  const [active, standby] = [fromTaskIds(value.activeTasks), fromTaskIds(value.standbyTasks)]
  group.putTarget(memberId, { active, standby, warmup: fromTaskIds(value.warmupTasks) })
}

function replayMember(
  group: StreamsGroup,
  { memberId, value }: StreamsGroupRecord & { readonly kind: 'streams member' }
) {
  if (value === null) {
    group.removeMember(memberId)
    return
  }
  const { userEndpoint: endpoint, clientTags: tags, ...said } = value
  const clientTags = new Map(tags.map(({ key, value }): [string, string] => [key, value]))
  group.putMember({ ...memberOf(group, memberId), ...said, endpoint, clientTags })
}

function replayCurrent(
  group: StreamsGroup,
  { memberId, value }: StreamsGroupRecord & { readonly kind: 'streams current' }
) {
  if (value !== null) {
    const { memberEpoch: epoch, previousMemberEpoch: previousEpoch, state } = value
    const assigned = held(value.activeTasks, value.standbyTasks, value.warmupTasks)
    const { activeTasksPendingRevocation: active, standbyTasksPendingRevocation: standby } = value
    const pendingRevocation = held(active, standby, value.warmupTasksPendingRevocation)
    group.putMember({ ...memberOf(group, memberId), epoch, previousEpoch, state, assigned, pendingRevocation })
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined) return
  const gone = { epoch: goneEpoch, previousEpoch: goneEpoch, assigned: noHeldTasks, pendingRevocation: noHeldTasks }
  group.putMember({ ...member, ...gone })
}

interface TaskIdsWithEpochs extends TaskIds {
  readonly assignmentEpochs?: readonly number[] | null
}

/** Of tasks whose epochs were not written any commit will do. */
function held(
  active: readonly TaskIdsWithEpochs[],
  standby: readonly TaskIds[],
  warmup: readonly TaskIds[]
): HeldTasks {
  const withEpochs = active.map(({ subtopologyId, partitions, assignmentEpochs }): [string, Map<number, number>] => {
    const epochs = partitions.map((partition, index): [number, number] => [partition, assignmentEpochs?.[index] ?? 0])
    return [subtopologyId, new Map(epochs)]
  })
  return { active: new Map(withEpochs), standby: fromTaskIds(standby), warmup: fromTaskIds(warmup) }
}

function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  return group.members.get(memberId) ?? newStreamsMember(memberId)
}
