/** The groups of a cluster. Each broker knows those that it coordinates, so each is asked for its own. */
import type { Cluster } from '../cluster.ts'

export interface ListedGroup {
  readonly group: string
  readonly state: string
  readonly type: string
  readonly protocol: string
  /** The broker that coordinates it. */
  readonly coordinator: number
}

/** By name. */
export async function everyGroup(cluster: Cluster): Promise<ListedGroup[]> {
  const listed = await Promise.all(cluster.nodeIds.map((node) => groupsOf(cluster, node)))
  return listed.flat().sort((a, b) => (a.group < b.group ? -1 : 1))
}

export async function groupsOf(cluster: Cluster, coordinator: number): Promise<ListedGroup[]> {
  const { groups } = await cluster.call('ListGroups', coordinator, [], [])
  return groups.map(({ groupId, groupState, groupType, protocolType }) => ({
    group: groupId,
    state: groupState,
    type: (groupType || 'classic').toLowerCase(),
    protocol: protocolType,
    coordinator
  }))
}
