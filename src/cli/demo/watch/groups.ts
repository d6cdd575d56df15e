/**
 * What the cluster says about the demo's consumer groups: state, who owns which partition, and how far behind they are. Also the first to
 * notice that the broker is away.
 */
import type { Cluster } from '../../cluster.ts'
import { ExitCode } from '../../exit-codes.ts'
import { describeGroup } from '../../groups/describe-group.ts'
import type { GroupDescription } from '../../groups/group-description.ts'
import { groupLag, type PartitionLag } from '../../groups/lag.ts'
import { networkReason } from '../../kafka-failure.ts'
import { type Bounds, partitionBounds, partitionName } from '../../partitions.ts'
import { toCliError } from '../../present-error.ts'
import { type ServiceName, serviceNames, services } from '../services.ts'
import { findPartitions, type Stand, type StandPartitions } from '../stand.ts'

const intervalMs = 500
/** A coordinator that loads or moves has nothing to say for a moment. */
const unknownMax = 10

export interface GroupView {
  readonly state: string
  readonly owners: readonly Owner[]
  /** Of all partitions together. */
  readonly lag: number
}

export interface Owner {
  /** `kitchen-2` */
  readonly member: string
  readonly partitions: readonly number[]
}

export type GroupViews = Readonly<Record<ServiceName, GroupView>>

export const noGroup: GroupView = { state: 'Empty', owners: [], lag: 0 }

export interface GroupWatchOptions {
  readonly stand: Stand
  readonly stopped: AbortSignal
  open(): Promise<Cluster>
  /** `askedMs`: everything that happened before is in it. */
  onGroups(groups: GroupViews, askedMs: number): void
  /** The reason for which it cannot be reached; undefined while it can. */
  onBroker(away: string | undefined): void
  /** It answers, but says nothing about the groups, and keeps doing so. */
  onUnknown(reason: string): void
}

/** Resolves when it is stopped. */
export async function watchGroups(options: GroupWatchOptions): Promise<void> {
  const { stopped, open, stand, onGroups, onBroker, onUnknown } = options
  let cluster: Cluster | undefined
  let partitions: StandPartitions | undefined
  let unknown = 0
  while (!stopped.aborted) {
    try {
      cluster ??= await open()
      partitions ??= await findPartitions(cluster, stand.topics)
      const askedMs = performance.now()
      const groups = await viewGroups(cluster, stand, partitions)
      unknown = 0
      onBroker(undefined)
      onGroups(groups, askedMs)
    } catch (error) {
      const away = networkReason(error) ?? unreachableReason(error)
      onBroker(away)
      unknown = away === undefined ? unknown + 1 : 0
      if (unknown === unknownMax) onUnknown(reasonOf(error))
      await cluster?.close().catch(() => {})
      cluster = undefined
      // A leader may have moved.
      partitions = undefined
    }
    await pause(intervalMs, stopped)
  }
  await cluster?.close().catch(() => {})
}

async function viewGroups(cluster: Cluster, stand: Stand, partitions: StandPartitions): Promise<GroupViews> {
  const bounds = await partitionBounds(cluster, Object.values(partitions).flat())
  const views = await Promise.all(
    serviceNames.map(async (service) => {
      const names = partitions[services[service].reads].map(partitionName)
      return [service, await viewGroup(cluster, stand.groups[service], names, bounds)] as const
    })
  )
  return Object.fromEntries(views) as Record<ServiceName, GroupView>
}

async function viewGroup(
  cluster: Cluster,
  group: string,
  names: readonly string[],
  bounds: Map<string, Bounds>
): Promise<GroupView> {
  const description = await describe(cluster, group)
  const rows =
    description === undefined
      ? []
      : await groupLag(cluster, description, async () => ({ bounds, unreadable: new Map() }))
  return {
    state: description?.state ?? 'Empty',
    owners: (description?.members ?? [])
      .map(({ instanceId, clientId, assignment }) => ({
        member: instanceId ?? clientId,
        partitions: assignment.map(({ partition }) => partition).sort((a, b) => a - b)
      }))
      .sort((a, b) => (a.member < b.member ? -1 : 1)),
    lag: names.reduce((sum, name) => sum + lagOf(rows, name, bounds), 0)
  }
}

/** A partition that nobody has committed to or holds is behind by all that is in it. */
function lagOf(rows: readonly PartitionLag[], name: string, bounds: ReadonlyMap<string, Bounds>): number {
  const lag = rows.find((row) => partitionName(row) === name)?.lag
  if (lag !== undefined && lag !== null) return Number(lag)
  const { start, end } = bounds.get(name) ?? { start: 0n, end: 0n }
  return Number(end - start)
}

/** Undefined: nobody has joined it so far. */
async function describe(cluster: Cluster, group: string): Promise<GroupDescription | undefined> {
  try {
    return await describeGroup(cluster, group)
  } catch (error) {
    if (toCliError(error).exitCode !== ExitCode.notFound) throw error
    return undefined
  }
}

function unreachableReason(error: unknown): string | undefined {
  return toCliError(error).exitCode === ExitCode.unreachable ? reasonOf(error) : undefined
}

function reasonOf(error: unknown): string {
  const { message, why } = toCliError(error)
  return why === undefined ? message : `${message}: ${why}`
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, ms)
    stopped.addEventListener('abort', settle)
    if (stopped.aborted) settle()
  })
}
