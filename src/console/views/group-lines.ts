/** Every group of a cluster, in a few requests however many there are: what each has committed and holds, and the ends of what they read. */
import type { Cluster } from '../../cli/cluster.ts'
import { describeActive } from '../../cli/groups/describe-group.ts'
import { groupsOf, type ListedGroup } from '../../cli/groups/every-group.ts'
import { lagOf } from '../../cli/groups/lag.ts'
import { shareOffsets } from '../../cli/groups/share-offsets.ts'
import { type Bounds, failureOf, findBoundsNow, ledPartitions, partitionName } from '../../cli/partitions.ts'
import { explainFailure, toCliError } from '../../cli/present-error.ts'
import type { GroupLine, GroupsView } from '../wire.ts'

const groupsPerRequest = 200

/** What is known of a group before the ends of partitions are. */
interface KnownGroup {
  readonly listed: ListedGroup
  /** By `topic:partition` what was committed, null where a member reads and nothing was. */
  readonly bookmarks: ReadonlyMap<string, bigint | null>
  /** Of a share group, whose coordinators know it. */
  readonly shareLag?: number | null
  readonly trouble: string | null
}

export async function groupsView(cluster: Cluster): Promise<GroupsView> {
  const { topics } = await cluster.metadata(undefined, 'leave')
  const known = (await Promise.all(cluster.nodeIds.map((node) => groupsAt(cluster, node)))).flat()
  const wanted = new Set(known.flatMap(({ bookmarks }) => [...bookmarks.keys()]))
  const led = ledPartitions(topics).filter((one) => wanted.has(partitionName(one)))
  const { bounds } = await findBoundsNow(cluster, led, 'uncommitted', 'told at once')
  const existing = new Set(led.map(partitionName))
  const groups = known.map((one) => lineOf(one, existing, bounds))
  return { atMs: Date.now(), groups: groups.sort((one, other) => (one.name < other.name ? -1 : 1)) }
}

async function groupsAt(cluster: Cluster, coordinator: number): Promise<KnownGroup[]> {
  const listed = await groupsOf(cluster, coordinator)
  const shares = listed.filter(({ type }) => type === 'share')
  const others = listed.filter(({ type }) => type !== 'share')
  const known: KnownGroup[] = []
  for (let at = 0; at < others.length; at += groupsPerRequest)
    known.push(...(await knownTogether(cluster, coordinator, others.slice(at, at + groupsPerRequest))))
  for (const one of shares) known.push(await knownShare(cluster, one))
  return known
}

async function knownTogether(
  cluster: Cluster,
  coordinator: number,
  groups: readonly ListedGroup[]
): Promise<KnownGroup[]> {
  const asked = groups.map(({ group }) => ({ groupId: group, memberId: null, memberEpoch: -1, topics: null }))
  const [offsets, held] = await Promise.all([
    cluster.answer('OffsetFetch', coordinator, asked, false),
    heldBy(cluster, coordinator, groups)
  ])
  const answers = new Map(offsets.groups.map((one) => [one.groupId, one]))
  return groups.map((listed) => {
    const answer = answers.get(listed.group)
    const bookmarks = new Map<string, bigint | null>((held.get(listed.group) ?? []).map((name) => [name, null]))
    for (const { name, partitions } of answer?.topics ?? [])
      for (const { partitionIndex: partition, committedOffset } of partitions)
        if (committedOffset >= 0n) bookmarks.set(partitionName({ topic: name, partition }), committedOffset)
    const code = answer?.errorCode ?? 0
    return { listed, bookmarks, trouble: code === 0 ? null : explainFailure(failureOf(cluster, code)) }
  })
}

/** What members have, by group, as `topic:partition`. */
async function heldBy(
  cluster: Cluster,
  coordinator: number,
  groups: readonly ListedGroup[]
): Promise<ReadonlyMap<string, readonly string[]>> {
  const described = await describeActive(cluster, coordinator, groups)
  return new Map(
    described.map(({ group, members }) => [group, members.flatMap(({ assignment }) => assignment.map(partitionName))])
  )
}

/** One that cannot be told of keeps nobody from the others. */
async function knownShare(cluster: Cluster, listed: ListedGroup): Promise<KnownGroup> {
  try {
    const offsets = await shareOffsets(cluster, listed.group)
    const bookmarks = new Map(offsets.map((one) => [partitionName(one), one.startOffset]))
    const lags = offsets.map(({ lag }) => (lag === null ? null : Number(lag)))
    return { listed, bookmarks, shareLag: total(lags), trouble: null }
  } catch (error) {
    const { message, why } = toCliError(error)
    return { listed, bookmarks: new Map(), shareLag: null, trouble: why ?? message }
  }
}

/** A topic that was deleted has no lag; one whose end nobody tells has one that is not known. */
function lineOf(
  { listed: { group, state, type }, bookmarks, shareLag, trouble }: KnownGroup,
  existing: ReadonlySet<string>,
  bounds: ReadonlyMap<string, Bounds>
): GroupLine {
  const lags = [...bookmarks].flatMap(([name, committed]) => {
    if (!existing.has(name)) return []
    const found = bounds.get(name)
    return [found === undefined ? null : Number(lagOf(committed, found))]
  })
  const lag = trouble !== null ? null : shareLag === undefined ? total(lags) : shareLag
  const topics = [...new Set([...bookmarks.keys()].map((name) => name.slice(0, name.lastIndexOf(':'))))].sort()
  return { name: group, state, kind: type, lag, topics, trouble }
}

/** Null where a part of it is not known. */
function total(parts: readonly (number | null)[]): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}
