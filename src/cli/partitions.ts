/**
 * Topics resolved to their partitions, and the offsets at which partitions start, end, or pass a point in time.
 */
import { CliError, wrongUsage } from './cli-error.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { ExitCode } from './exit-codes.ts'
import { isPattern } from './glob.ts'
import { answerOf } from './kafka-failure.ts'
import type { Position } from './offsets.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'
import { mostSimilar } from './similar.ts'
import { type Unreadable, UnreadableError, type UnreadablePartitions } from './unreadable.ts'

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

/** `missing`: whether the reader who names a topic that is not there is told how to make it, or which there are. */
export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
  missing: 'can be made' | 'is a mistake' = 'is a mistake'
): Promise<TopicMetadata[]> {
  const { topics } = await cluster.metadata(names, 'leave')
  for (const topic of topics) {
    if (topic.errorCode === 0) continue
    const all = topic.errorCode === unknownTopic ? await listAllTopics(cluster) : []
    const similar = mostSimilar(nameOf(topic), all.map(nameOf))
    const next = missing === 'can be made' ? `odradek topics create ${topic.name}` : 'odradek topics list'
    throw topicFailure(
      cluster,
      topic,
      similar === undefined ? { next } : { similar, next: `the same command with ${similar}` }
    )
  }
  return topics
}

const unknownTopic = 3

function nameOf(topic: TopicMetadata): string {
  return topic.name ?? ''
}

function topicFailure(
  cluster: Cluster,
  { name, errorCode }: TopicMetadata,
  { similar, next }: { readonly similar?: string; readonly next: string }
): CliError {
  if (errorCode === unknownTopic) {
    return new CliError({
      what: `there is no topic "${name}"`,
      why: `UNKNOWN_TOPIC_OR_PARTITION (3)${similar === undefined ? '' : `; but there is "${similar}"`}`,
      next,
      exitCode: ExitCode.notFound
    })
  }
  if (isPattern(name ?? '')) {
    return wrongUsage(
      `"${name}" is a pattern, and one topic is wanted here`,
      'a pattern stands for several',
      'odradek topics list'
    )
  }
  const failure = failureOf(cluster, errorCode)
  return new CliError({
    what: `topic "${name}" cannot be used`,
    why: explainFailure(failure),
    exitCode: exitCodeOf(failure)
  })
}

/** Metadata has no place for a message, and this name of Kafka's does not say what is wrong with ours. */
const unsaid = new Map([
  [17, 'a name has up to 249 letters, digits, ".", "_" and "-", and "a.b" does not go beside "a_b"']
])

/** Kafka's name for an error number. */
export function failureOf(cluster: Cluster, code: number, message?: string | null) {
  const name = cluster.library.protocolErrorsCodesById[code] ?? 'UNKNOWN_SERVER_ERROR'
  return { name, code, message: message ?? unsaid.get(code) }
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

/** With their leaders of now; one that is not there any more as it was. */
export async function ledNow(cluster: Cluster, partitions: readonly LedPartition[]): Promise<LedPartition[]> {
  const { topics } = await cluster.metadata([...new Set(partitions.map((one) => one.topic))], 'leave')
  const found = ledPartitions(topics.filter((topic) => topic.errorCode === 0))
  const now = new Map(found.map((one) => [partitionName(one), one]))
  return partitions.map((one) => now.get(partitionName(one)) ?? one)
}

export const earliest = -2n
export const latest = -1n

/** By `topic:partition`. A time after the last record gives -1. Throws UnreadableError. */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  timestamp: bigint,
  isolation: Isolation = 'uncommitted'
): Promise<Map<string, bigint>> {
  const { offsets, unreadable } = await findOffsets(cluster, partitions, timestamp, isolation)
  for (const one of unreadable.values()) throw new UnreadableError(one)
  return offsets
}

/** Whether a leader that is about to be there is asked again for a while, or its refusal told at once. */
export type Patience = 'asked again' | 'told at once'

async function findOffsets(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  timestamp: bigint,
  isolation: Isolation,
  patience: Patience = 'asked again'
): Promise<{ offsets: Map<string, bigint>; unreadable: Map<string, Unreadable> }> {
  const leaders = groupedBy(partitions, (partition) => partition.leader)
  const offsets = new Map<string, bigint>()
  const unreadable = new Map<string, Unreadable>()
  await Promise.all(
    [...leaders].map(async ([leader, led]) => {
      const topics = [...groupedBy(led, (partition) => partition.topic)].map(([name, ofTopic]) => ({
        name,
        partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }))
      }))
      const level = isolation === 'committed' ? 1 : 0
      const answer =
        patience === 'asked again'
          ? await askOffsets(cluster, leader, level, topics)
          : await cluster.answer('ListOffsets', leader, -1, level, topics)
      for (const topic of answer.topics) {
        for (const { partitionIndex, errorCode, offset } of topic.partitions) {
          const one = { topic: topic.name, partition: partitionIndex }
          if (errorCode === 0) offsets.set(partitionName(one), offset)
          else unreadable.set(partitionName(one), { ...one, failure: failureOf(cluster, errorCode) })
        }
      }
    })
  )
  return { offsets, unreadable }
}

/** Patient with what passes; what stays is in the answer, partition by partition. */
async function askOffsets(
  cluster: Cluster,
  leader: number,
  isolationLevel: 0 | 1,
  topics: Parameters<typeof cluster.call<'ListOffsets'>>[4]
): ReturnType<typeof cluster.call<'ListOffsets'>> {
  try {
    return await cluster.call('ListOffsets', leader, -1, isolationLevel, topics)
  } catch (error) {
    const answer = answerOf(error)
    if (answer === undefined) throw error
    return answer as Awaited<ReturnType<typeof cluster.call<'ListOffsets'>>>
  }
}

/** In the order of the items, in one pass. */
export function groupedBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

export interface Bounds {
  readonly start: bigint
  readonly end: bigint
}

export interface FoundBounds {
  readonly bounds: Map<string, Bounds>
  readonly unreadable: UnreadablePartitions
}

/** Of the partitions whose leader can tell them; the others with the reason. */
export async function findBounds(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  isolation: Isolation = 'uncommitted',
  patience: Patience = 'asked again'
): Promise<FoundBounds> {
  const [starts, ends] = await Promise.all([
    findOffsets(cluster, partitions, earliest, isolation, patience),
    findOffsets(cluster, partitions, latest, isolation, patience)
  ])
  const unreadable = new Map([...starts.unreadable, ...ends.unreadable])
  const bounds = new Map(
    partitions.map(partitionName).flatMap((name) => {
      if (unreadable.has(name)) return []
      return [[name, { start: starts.offsets.get(name) ?? 0n, end: ends.offsets.get(name) ?? 0n }]]
    })
  )
  return { bounds, unreadable }
}

/** For who does not wait for a leader: a partition without one is among those that cannot be read. */
export async function findBoundsNow(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  isolation: Isolation = 'uncommitted',
  patience: Patience = 'asked again'
): Promise<FoundBounds> {
  const led = partitions.filter((one) => one.leader >= 0)
  const found = await findBounds(cluster, led, isolation, patience)
  const leaderless = partitions.filter((one) => one.leader < 0)
  const failure = failureOf(cluster, leaderNotAvailable)
  const without = leaderless.map((one) => [partitionName(one), { ...one, failure }] as const)
  return { ...found, unreadable: new Map([...found.unreadable, ...without]) }
}

const leaderNotAvailable = 5

/** Throws UnreadableError when the leader of one cannot tell them. */
export async function partitionBounds(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  isolation: Isolation = 'uncommitted'
): Promise<Map<string, Bounds>> {
  const { bounds, unreadable } = await findBounds(cluster, partitions, isolation)
  for (const one of unreadable.values()) throw new UnreadableError(one)
  return bounds
}

/** The offset that a position means in each partition, kept between its start and its end. */
export async function resolvePosition(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  position: Exclude<Position, { kind: 'before-end' }>,
  bounds: ReadonlyMap<string, Bounds>
): Promise<Map<string, bigint>> {
  return withinBounds(await locatePosition(cluster, partitions, position, bounds), bounds)
}

/** Each offset, or the start or end of its partition that lies nearest. */
export function withinBounds(
  offsets: ReadonlyMap<string, bigint>,
  bounds: ReadonlyMap<string, Bounds>
): Map<string, bigint> {
  return new Map(
    [...offsets].map(([name, offset]) => {
      const { start, end } = bounds.get(name) ?? { start: 0n, end: 0n }
      return [name, clamp(offset, start, end)]
    })
  )
}

/** The offset that a position means in each partition, whether or not that lies in it. */
export async function locatePosition(
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
      return [name, offsetOf(position, times?.get(name), start, end)]
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

export function clamp(offset: bigint, low: bigint, high: bigint): bigint {
  if (offset < low) return low
  return offset > high ? high : offset
}
