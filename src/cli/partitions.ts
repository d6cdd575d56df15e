/**
 * Topics resolved to their partitions, and the offsets at which partitions start, end, or pass a point in time.
 */
import { CliError } from './cli-error.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { ExitCode } from './exit-codes.ts'
import type { Position } from './offsets.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface LedPartition extends TopicPartition {
  readonly topicId: string
  readonly leader: number
}

export type Isolation = 'committed' | 'uncommitted'

export function partitionName(partition: TopicPartition): string {
  return `${partition.topic}:${partition.partition}`
}

/** All topics by name; the ones of Kafka's own use are marked internal. */
export async function listAllTopics(cluster: Cluster): Promise<TopicMetadata[]> {
  const { topics } = await cluster.metadata(undefined, 'leave')
  return topics.filter((topic) => topic.name !== null).sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
}

export async function describeTopics(cluster: Cluster, names: readonly string[]): Promise<TopicMetadata[]> {
  const { topics } = await cluster.metadata(names, 'leave')
  for (const topic of topics) if (topic.errorCode !== 0) throw topicFailure(cluster, topic.name ?? '', topic.errorCode)
  return topics
}

export function topicFailure(cluster: Cluster, name: string, errorCode: number): CliError {
  if (errorCode === 3) {
    return new CliError({
      what: `there is no topic "${name}"`,
      why: 'UNKNOWN_TOPIC_OR_PARTITION (3)',
      next: `odradek topics create ${name}`,
      exitCode: ExitCode.notFound
    })
  }
  const failure = failureOf(cluster, errorCode)
  return new CliError({
    what: `topic "${name}" cannot be used`,
    why: explainFailure(failure),
    exitCode: exitCodeOf(failure)
  })
}

/** Kafka's name for an error number. */
export function failureOf(cluster: Cluster, code: number, message?: string | null) {
  const name = cluster.library.protocolErrorsCodesById[code] ?? 'UNKNOWN_SERVER_ERROR'
  return { name, code, message: message ?? undefined }
}

export function ledPartitions(topics: readonly TopicMetadata[], only?: readonly number[]): LedPartition[] {
  return topics.flatMap((topic) => {
    const name = topic.name ?? ''
    const partitions = topic.partitions
      .map((partition) => ({
        topic: name,
        topicId: topic.topicId,
        partition: partition.partitionIndex,
        leader: partition.leaderId
      }))
      .sort((a, b) => a.partition - b.partition)
    if (!only) return partitions
    return only.map((index) => {
      const found = partitions[index]
      if (found) return found
      throw new CliError({
        what: `topic "${name}" has no partition ${index}`,
        why: `it has ${partitions.length}, numbered from 0`,
        next: `odradek topics describe ${name}`,
        exitCode: ExitCode.notFound
      })
    })
  })
}

export const earliest = -2n
export const latest = -1n

/** By `topic:partition`. A time after the last record gives -1. */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  timestamp: bigint,
  isolation: Isolation = 'uncommitted'
): Promise<Map<string, bigint>> {
  const leaders = groupByLeader(partitions)
  const found = new Map<string, bigint>()
  await Promise.all(
    [...leaders].map(async ([leader, led]) => {
      const names = [...new Set(led.map((partition) => partition.topic))]
      const topics = names.map((name) => ({
        name,
        partitions: led
          .filter((partition) => partition.topic === name)
          .map((partition) => ({ partitionIndex: partition.partition, currentLeaderEpoch: -1, timestamp }))
      }))
      const answer = await cluster.call('ListOffsets', leader, -1, isolation === 'committed' ? 1 : 0, topics)
      for (const topic of answer.topics) {
        for (const partition of topic.partitions) {
          found.set(partitionName({ topic: topic.name, partition: partition.partitionIndex }), partition.offset)
        }
      }
    })
  )
  return found
}

function groupByLeader(partitions: readonly LedPartition[]): Map<number, LedPartition[]> {
  const leaders = new Map<number, LedPartition[]>()
  for (const partition of partitions) {
    const led = leaders.get(partition.leader)
    if (led) led.push(partition)
    else leaders.set(partition.leader, [partition])
  }
  return leaders
}

export interface Bounds {
  readonly start: bigint
  readonly end: bigint
}

export async function partitionBounds(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  isolation: Isolation = 'uncommitted'
): Promise<Map<string, Bounds>> {
  const [starts, ends] = await Promise.all([
    listOffsets(cluster, partitions, earliest, isolation),
    listOffsets(cluster, partitions, latest, isolation)
  ])
  return new Map(
    partitions.map((partition) => {
      const name = partitionName(partition)
      return [name, { start: starts.get(name) ?? 0n, end: ends.get(name) ?? 0n }]
    })
  )
}

/** The offset that a position means in each partition, kept between its start and its end. */
export async function resolvePosition(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  position: Exclude<Position, { kind: 'before-end' }>,
  bounds: ReadonlyMap<string, Bounds>
): Promise<Map<string, bigint>> {
  const times =
    position.kind === 'time'
      ? await listOffsets(cluster, partitions, BigInt(Math.max(0, position.timestampMs)))
      : undefined
  return new Map(
    partitions.map((partition) => {
      const name = partitionName(partition)
      const { start, end } = bounds.get(name) ?? { start: 0n, end: 0n }
      return [name, clamp(offsetOf(position, times?.get(name), start, end), start, end)]
    })
  )
}

function offsetOf(
  position: Exclude<Position, { kind: 'before-end' }>,
  atTime: bigint | undefined,
  start: bigint,
  end: bigint
): bigint {
  switch (position.kind) {
    case 'start':
      return start
    case 'end':
      return end
    case 'offset':
      return position.offset
    case 'after-start':
      return start + position.count
    case 'time':
      return atTime === undefined || atTime < 0n ? end : atTime
  }
}

function clamp(offset: bigint, low: bigint, high: bigint): bigint {
  if (offset < low) return low
  return offset > high ? high : offset
}
