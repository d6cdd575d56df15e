/**
 * Reads one record with the batch it lies in, or says why nothing is there: not yet, no longer, or never a message.
 */
import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka'
import { CliError } from '../cli-error.ts'
import type { Cluster, FetchedPartition } from '../cluster.ts'
import { noSession } from '../consume/fetch.ts'
import { ExitCode } from '../exit-codes.ts'
import {
  type Bounds,
  describeTopics,
  failureOf,
  type Isolation,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName
} from '../partitions.ts'
import { leaderMoves, unknownTopics } from '../passing-errors.ts'
import { UnreadableError } from '../unreadable.ts'
import { persistently } from '../waiting.ts'

export interface FoundRecord {
  readonly partition: LedPartition
  readonly batch: RecordsBatch
  readonly record: KafkaRecord
  /** In the batch, from 0. */
  readonly index: number
  readonly fetched: FetchedPartition
}

const maxWaitMs = 50
const pauseMs = 100
/** A fetch answers at least one whole batch, however little is asked for (KIP-74): the one that is wanted. */
const oneBatch = 1
const offsetOutOfRange = 1
const control = 0x20

export async function recordAt(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: bigint
): Promise<FoundRecord> {
  const { led, fetched } = await fetchAt(cluster, topic, partition, offset, 'uncommitted')
  const [batch] = fetched.records ?? []
  if (batch === undefined) throw await noSuchOffset(cluster, led, offset)
  const index = batch.records.findIndex((record) => batch.firstOffset + BigInt(record.offsetDelta) === offset)
  const record = batch.records[index]
  if (record === undefined) throw await goneFromInside(cluster, led, offset)
  if ((batch.attributes & control) !== 0) throw marker(led, offset)
  return { partition: led, batch, record, index, fetched }
}

/** One fetch of one batch, asked again while leaders move. */
export async function fetchAt(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: bigint,
  isolation: Isolation
): Promise<{ led: LedPartition; fetched: FetchedPartition }> {
  return await persistently({ limitMs: cluster.timeoutMs, pauseMs }, leaderMayCome, async () => {
    const [led] = ledPartitions(await describeTopics(cluster, [topic]), [partition])
    if (led === undefined) throw new CliError({ what: `${topic} has no partitions`, exitCode: ExitCode.notFound })
    const fetched = await fetchOnce(cluster, led, offset, isolation)
    if (fetched.errorCode === offsetOutOfRange) throw await noSuchOffset(cluster, led, offset)
    if (fetched.errorCode !== 0) throw unreadable(cluster, led, fetched.errorCode)
    return { led, fetched }
  })
}

/** Another leader, none yet, or one that is being told. */
function leaderMayCome(error: unknown): boolean {
  return error instanceof UnreadableError && (unknownTopics.has(error.apiCode) || leaderMoves.has(error.apiCode))
}

async function fetchOnce(
  cluster: Cluster,
  led: LedPartition,
  fetchOffset: bigint,
  isolation: Isolation
): Promise<Pick<FetchedPartition, 'errorCode'> & FetchedPartition> {
  const { topicId, partition } = led
  const asked = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset,
    lastFetchedEpoch: -1,
    partitionMaxBytes: oneBatch
  }
  const level = isolation === 'committed' ? 1 : 0
  const topics = [{ topicId, partitions: [asked] }]
  const answer = await cluster.answer('Fetch', led.leader, maxWaitMs, 1, oneBatch, level, ...noSession, topics, [], '')
  const fetched = answer.responses[0]?.partitions[0]
  if (fetched === undefined) throw unreadable(cluster, led, answer.errorCode)
  return fetched
}

function unreadable(cluster: Cluster, { topic, partition }: LedPartition, errorCode: number): UnreadableError {
  return new UnreadableError({ topic, partition, failure: failureOf(cluster, errorCode) })
}

async function noSuchOffset(cluster: Cluster, led: LedPartition, offset: bigint): Promise<CliError> {
  const bounds = (await partitionBounds(cluster, [led])).get(partitionName(led)) ?? { start: 0n, end: 0n }
  return new CliError({
    what: `${led.topic} has no message at ${led.partition}:${offset}`,
    why: outsideOf(offset, bounds),
    next: `odradek topics offsets ${led.topic}`,
    exitCode: ExitCode.notFound
  })
}

/** Why an offset that is not between the bounds cannot be read. */
export function outsideOf(offset: bigint, { start, end }: Bounds): string {
  if (offset < start) return `it is gone: retention or a trim took it; the partition now begins at ${start}`
  const bounds = start === end ? `the partition is empty, the next offset is ${end}` : `the last offset is ${end - 1n}`
  return offset >= end
    ? `it is not there yet, or not yet safe: ${bounds}`
    : `nothing is there; the partition holds ${start} to ${end - 1n}`
}

async function goneFromInside(cluster: Cluster, led: LedPartition, offset: bigint): Promise<CliError> {
  const compacts = (await cleanupPolicy(cluster, led.topic)).includes('compact')
  const why = compacts
    ? 'it was compacted away: a newer message with the same key took its place, or it said that the key is gone'
    : 'the log has a hole there: what lay at this offset was removed'
  return new CliError({
    what: `${led.topic} has no message at ${led.partition}:${offset}`,
    why,
    next: `odradek consume ${led.topic} -P ${led.partition} --from ${offset} -n 1   (the next one)`,
    exitCode: ExitCode.notFound
  })
}

const topicResource = 2

async function cleanupPolicy(cluster: Cluster, topic: string): Promise<string> {
  const keys = ['cleanup.policy']
  const resources = [{ resourceType: topicResource, resourceName: topic, configurationKeys: keys }] as const
  const { results } = await cluster.answer('DescribeConfigs', 'any', [...resources], false, false)
  return results[0]?.configs.find((config) => config.name === 'cleanup.policy')?.value ?? ''
}

function marker({ topic, partition }: LedPartition, offset: bigint): CliError {
  return new CliError({
    what: `${topic} has no message at ${partition}:${offset}`,
    why: 'a marker lies there that ends a transaction; no consumer is given it',
    next: offset > 0n ? `odradek trace ${topic} --offset ${partition}:${offset - 1n}` : undefined,
    exitCode: ExitCode.notFound
  })
}
