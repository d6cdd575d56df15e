/** The groups of a cluster as they are at this moment, one of them in full, and why its readers are given nothing. */
import type { Cluster } from '../../cli/cluster.ts'
import { describeGroup, noSuchGroup } from '../../cli/groups/describe-group.ts'
import { everyGroup, type ListedGroup } from '../../cli/groups/every-group.ts'
import type { GroupDescription } from '../../cli/groups/group-description.ts'
import { groupLag, type PartitionLag } from '../../cli/groups/lag.ts'
import { whyGroup } from '../../cli/groups/why-facts.ts'
import { partitionName } from '../../cli/partitions.ts'
import type { FindingView, GroupLine, GroupsView, GroupView } from '../wire.ts'

/** So many groups are asked about at once: each takes a few requests. */
const atOnce = 8

export async function groupsView(cluster: Cluster): Promise<GroupsView> {
  await cluster.metadata([], 'leave')
  const listed = await everyGroup(cluster)
  const groups: GroupLine[] = []
  for (let first = 0; first < listed.length; first += atOnce)
    groups.push(...(await Promise.all(listed.slice(first, first + atOnce).map((one) => groupLine(cluster, one)))))
  return { atMs: Date.now(), groups }
}

/** A group that goes meanwhile, or cannot be told of, keeps nobody from the others. */
async function groupLine(cluster: Cluster, { group, state, type }: ListedGroup): Promise<GroupLine> {
  try {
    const lags = await groupLag(cluster, await describeGroup(cluster, group))
    return { name: group, state, kind: type, lag: totalLag(lags), topics: [...new Set(lags.map(({ topic }) => topic))] }
  } catch {
    return { name: group, state, kind: type, lag: null, topics: [] }
  }
}

/** Throws CliError when there is no such group. */
export async function groupView(cluster: Cluster, name: string): Promise<GroupView> {
  const description = await describeGroup(cluster, name)
  const lags = await groupLag(cluster, description)
  if (description.state === 'Dead' && lags.length === 0)
    throw await noSuchGroup(cluster, name, 'no member has joined one of that name, and no offset was committed')
  return {
    atMs: Date.now(),
    name,
    state: description.state,
    kind: description.type,
    coordinator: description.coordinator,
    members: description.members.map(memberView),
    partitions: lags.map(({ topic, partition, committed, end, lag, members }) => ({
      ...{ topic, partition, committed: numberOf(committed), end: numberOf(end), lag: numberOf(lag) },
      members: members.map(({ id }) => id)
    }))
  }
}

function memberView({ id, clientId, host, epoch, assignment }: GroupDescription['members'][number]) {
  return { id, clientId, host, epoch, partitions: assignment.map(partitionName) }
}

export async function groupFindings(
  cluster: Cluster,
  name: string,
  topics: readonly string[],
  interrupted: AbortSignal
): Promise<FindingView[]> {
  const { findings } = await whyGroup(cluster, name, topics, interrupted)
  return findings.map(({ cause, partitions, text, next }) => ({ cause, partitions, text, next: next ?? null }))
}

function totalLag(lags: readonly PartitionLag[]): number | null {
  const known = lags.flatMap(({ lag }) => (lag === null ? [] : [Number(lag)]))
  return known.length === 0 && lags.length > 0 ? null : known.reduce((sum, one) => sum + one, 0)
}

function numberOf(offset: bigint | null): number | null {
  return offset === null ? null : Number(offset)
}
