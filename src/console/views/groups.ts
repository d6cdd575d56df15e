/** One group as it is at this moment, and why its readers are given nothing. */
import type { Cluster } from '../../cli/cluster.ts'
import { describeGroup, noSuchGroup } from '../../cli/groups/describe-group.ts'
import type { GroupDescription } from '../../cli/groups/group-description.ts'
import { groupLag } from '../../cli/groups/lag.ts'
import { whyGroup } from '../../cli/groups/why-facts.ts'
import { asCalled } from '../../cli/own-name.ts'
import { partitionName } from '../../cli/partitions.ts'
import type { FindingView, GroupView } from '../wire.ts'

/** Throws CliError when there is no such group. */
export async function groupView(cluster: Cluster, name: string): Promise<GroupView> {
  // Its coordinator may have another address by now.
  await cluster.metadata([], 'leave')
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
  await cluster.metadata([], 'leave')
  const { findings } = await whyGroup(cluster, name, topics, interrupted)
  return findings.map(({ cause, partitions, text, next }) => ({
    ...{ cause, partitions, text, next: next === undefined ? null : asCalled(next) }
  }))
}

function numberOf(offset: bigint | null): number | null {
  return offset === null ? null : Number(offset)
}
