/** ListGroups, decided: the groups of one coordinator that a filter lets through (Kafka: GroupMetadataManager.listGroups). */
import type { ListGroupsResponseListedGroup } from '../../protocol/generated/api/list-groups-response.ts'
import type { Group } from './group.ts'

/** Groups in one of the states, of one of the types; an empty list asks for all. Case and blanks do not matter. */
export interface GroupFilter {
  readonly states: readonly string[]
  readonly types: readonly string[]
}

export function listedGroups(all: Iterable<Group>, filter: GroupFilter): readonly ListGroupsResponseListedGroup[] {
  const states = new Set(filter.states.map((state) => state.toLowerCase().trim()))
  const types = new Set(filter.types.map((type) => type.toLowerCase().trim()))
  const groups: ListGroupsResponseListedGroup[] = []
  for (const { groupId, protocolType, state: groupState, kind: groupType } of all) {
    if (types.size > 0 && !types.has(groupType)) continue
    if (states.size > 0 && !states.has(groupState.toLowerCase())) continue
    groups.push({ groupId, protocolType, groupState, groupType })
  }
  return groups
}
