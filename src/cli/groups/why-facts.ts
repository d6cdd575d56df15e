/** Why the consumers of a group are given nothing: what the cluster tells of it, looked at twice, and what that comes to. */
import type { Cluster } from '../cluster.ts'
import { explainGroup, type Finding, type GroupFacts } from '../explain/causes.ts'
import { logFacts } from '../explain/log-facts.ts'
import { committedByPartition } from '../group-offsets.ts'
import { describeTopics, ledPartitions, partitionName, type TopicPartition } from '../partitions.ts'
import { pauseUnless } from '../waiting.ts'
import { describeGroup, noSuchGroup } from './describe-group.ts'
import { type GroupDescription, holdersIn } from './group-description.ts'
import { type ShareOffset, shareOffsets } from './share-offsets.ts'

/** Between two looks at how far its readers are. */
const lookAgainMs = 1000

export interface ExplainedGroup {
  readonly description: GroupDescription
  readonly findings: readonly Finding[]
}

/** Throws CliError when there is no such group. */
export async function whyGroup(
  cluster: Cluster,
  group: string,
  topics: readonly string[],
  interrupted: AbortSignal
): Promise<ExplainedGroup> {
  const description = await describeGroup(cluster, group)
  const facts = await gather(cluster, description, topics, interrupted)
  if (description.state === 'Dead' && facts.partitions.length === 0)
    throw await noSuchGroup(cluster, group, 'no consumer has joined one of that name, and no offset was committed')
  return { description, findings: explainGroup(facts) }
}

async function gather(
  cluster: Cluster,
  description: GroupDescription,
  topics: readonly string[],
  interrupted: AbortSignal
): Promise<GroupFacts> {
  const { group, state, type, members } = description
  const { committed: before } = await standingOf(cluster, description)
  const holders = holdersIn(description)
  const read = await partitionsRead(cluster, description, before, topics)
  // Nobody gets on where nobody reads.
  const isRead = members.length > 0
  if (isRead) await pauseUnless(interrupted, lookAgainMs)
  const { committed, left } = await standingOf(cluster, description)
  // Looked at last: a log that is written to meanwhile ends behind what its readers have committed.
  const logs = await logFacts(
    cluster,
    read.map((one) => ({ ...one, position: committed.get(partitionName(one)) ?? null }))
  )
  return {
    ...{ group, state, type },
    members: members.map(({ id, assignment }) => ({ id, partitionCount: assignment.length })),
    partitions: read.flatMap((one) => {
      const name = partitionName(one)
      const log = logs.get(name)
      if (log === undefined) return []
      const offsets = { committed: committed.get(name) ?? null, committedBefore: before.get(name) ?? null }
      return [{ ...one, ...offsets, left: left.get(name) ?? null, member: holders.get(name) ?? null, log }]
    })
  }
}

interface GroupStanding {
  /** Of a share group where it starts. */
  readonly committed: ReadonlyMap<string, bigint>
  /** Of a share group, where that is known. */
  readonly left: ReadonlyMap<string, bigint>
}

async function standingOf(cluster: Cluster, { group, type }: GroupDescription): Promise<GroupStanding> {
  if (type !== 'share') return { committed: await committedByPartition(cluster, group), left: new Map() }
  const offsets = await shareOffsets(cluster, group)
  const known = (of: (one: ShareOffset) => bigint | null): ReadonlyMap<string, bigint> =>
    new Map(
      offsets.flatMap((one) => {
        const value = of(one)
        return value === null ? [] : [[partitionName(one), value] as const]
      })
    )
  return { committed: known(({ startOffset }) => startOffset), left: known(({ lag }) => lag) }
}

/** Those that it has committed to, those that its members have, and those of the topics that were asked for. */
async function partitionsRead(
  cluster: Cluster,
  { members }: GroupDescription,
  committed: ReadonlyMap<string, bigint>,
  topics: readonly string[]
): Promise<TopicPartition[]> {
  const asked = topics.length === 0 ? [] : ledPartitions(await describeTopics(cluster, topics))
  const ofCommitted = [...committed.keys()].map((name): TopicPartition => {
    const colon = name.lastIndexOf(':')
    return { topic: name.slice(0, colon), partition: Number(name.slice(colon + 1)) }
  })
  const all = [...asked, ...ofCommitted, ...members.flatMap(({ assignment }) => assignment)]
  const byName = new Map(all.map(({ topic, partition }) => [partitionName({ topic, partition }), { topic, partition }]))
  return [...byName.values()].sort((one, other) =>
    one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1
  )
}
