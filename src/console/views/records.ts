/** Records as the page shows them: the newest of a topic, page by page, one in full, and those that come. */
import { isUtf8 } from 'node:buffer'
import type { Cluster } from '../../cli/cluster.ts'
import { Reader, type ReaderOptions } from '../../cli/consume/reader.ts'
import { findBoundsNow, type LedPartition, ledPartitions, partitionName } from '../../cli/partitions.ts'
import type { ConsumedRecord } from '../../cli/record.ts'
import type { BytesView, RecordsView, RecordView } from '../wire.ts'
import { oneTopic } from './topics.ts'

/** What is shown of a key or a value in a list, and of one that was opened. */
const shownBytes = 500
const openedBytes = 256 * 1024

/** The end of what is wanted of each partition, exclusive, by its number: how one page says where the next begins. */
type Ends = ReadonlyMap<number, bigint>

export interface RecordsWanted {
  readonly count: number
  /** What the page before gave for it; null: the newest. */
  readonly before: string | null
  /** Only this one; null: all. */
  readonly partition: number | null
}

/**
 * The newest records of all partitions, by their time; of one partition by their offsets. Of each partition no more are read than may be
 * shown, twice as many where offsets have holes, and so on.
 */
export async function newestRecords(
  cluster: Cluster,
  topic: string,
  wanted: RecordsWanted,
  interrupted: AbortSignal
): Promise<RecordsView> {
  const partitions = await partitionsOf(cluster, topic, wanted.partition)
  const { bounds } = await findBoundsNow(cluster, partitions, 'uncommitted', 'told at once')
  const ends = wanted.before === null ? null : readEnds(wanted.before)
  const read = await Promise.all(
    partitions.map(async (partition) => {
      const found = bounds.get(partitionName(partition))
      if (found === undefined) return []
      const end = least(ends?.get(partition.partition) ?? found.end, found.end)
      return await lastOf(cluster, partition, { start: found.start, end, count: wanted.count, interrupted })
    })
  )
  const newest = newestOf(read, wanted.count)
  return {
    records: newest.map((record) => recordView(record, shownBytes)),
    before: endsBefore(partitions, bounds, ends, newest)
  }
}

/** Throws CliError when there is no such topic or partition; null when no record lies at the offset. */
export async function oneRecord(
  cluster: Cluster,
  place: { readonly topic: string; readonly partition: number; readonly offset: bigint },
  interrupted: AbortSignal
): Promise<RecordView | null> {
  const partitions = await partitionsOf(cluster, place.topic, place.partition)
  const { bounds } = await findBoundsNow(cluster, partitions, 'uncommitted', 'told at once')
  const [partition] = partitions
  const found = partition === undefined ? undefined : bounds.get(partitionName(partition))
  if (partition === undefined || found === undefined) return null
  if (place.offset < found.start || place.offset >= found.end) return null
  const reader = readerOf(cluster, interrupted)
  reader.add(partition, place.offset, place.offset + 1n)
  for await (const records of reader.read())
    for (const record of records) if (record.offset === place.offset) return recordView(record, openedBytes)
  return null
}

/** Those that come from the moment on in which this resolves, as they come. They end when it is interrupted. */
export async function recordsToCome(
  cluster: Cluster,
  topic: string,
  interrupted: AbortSignal
): Promise<AsyncIterable<readonly ConsumedRecord[]>> {
  const partitions = await partitionsOf(cluster, topic, null)
  const { bounds } = await findBoundsNow(cluster, partitions, 'uncommitted', 'told at once')
  const reader = readerOf(cluster, interrupted)
  for (const partition of partitions) reader.add(partition, bounds.get(partitionName(partition))?.end ?? 0n, undefined)
  return reader.read()
}

export function shownRecord(record: ConsumedRecord): RecordView {
  return recordView(record, shownBytes)
}

async function partitionsOf(cluster: Cluster, topic: string, only: number | null): Promise<LedPartition[]> {
  return ledPartitions([await oneTopic(cluster, topic)], only === null ? undefined : [only])
}

function readerOf(cluster: Cluster, interrupted: AbortSignal): Reader {
  const options: ReaderOptions = { isolation: 'uncommitted', interrupted, onNotice() {} }
  return new Reader(cluster, options)
}

interface LastWanted {
  readonly start: bigint
  readonly end: bigint
  readonly count: number
  readonly interrupted: AbortSignal
}

async function lastOf(
  cluster: Cluster,
  partition: LedPartition,
  { start, end, count, interrupted }: LastWanted
): Promise<ConsumedRecord[]> {
  for (let width = BigInt(count); ; width *= 2n) {
    const from = end - width > start ? end - width : start
    if (from >= end) return []
    const reader = readerOf(cluster, interrupted)
    reader.add(partition, from, end)
    let last: ConsumedRecord[] = []
    for await (const records of reader.read()) last = [...last, ...records].slice(-count)
    interrupted.throwIfAborted()
    if (last.length === count || from === start) return last
  }
}

/** By time, as producers set it; of one partition never against the order of the log. */
function newestOf(partitions: readonly (readonly ConsumedRecord[])[], count: number): ConsumedRecord[] {
  const left = partitions.map((records) => [...records])
  const newest: ConsumedRecord[] = []
  while (newest.length < count) {
    const next = left.reduce((best, records) => (timeOfLast(records) > timeOfLast(best) ? records : best), [])
    const record = next.pop()
    if (record === undefined) break
    newest.push(record)
  }
  return newest
}

function timeOfLast(records: readonly ConsumedRecord[]): number {
  return records.at(-1)?.timestampMs ?? Number.NEGATIVE_INFINITY
}

function endsBefore(
  partitions: readonly LedPartition[],
  bounds: ReadonlyMap<string, { readonly start: bigint; readonly end: bigint }>,
  ends: Ends | null,
  shown: readonly ConsumedRecord[]
): string | null {
  const next = new Map<number, bigint>()
  let isMore = false
  for (const partition of partitions) {
    const found = bounds.get(partitionName(partition))
    if (found === undefined) continue
    const oldest = shown.findLast((record) => record.partition === partition.partition)
    const end = oldest?.offset ?? least(ends?.get(partition.partition) ?? found.end, found.end)
    next.set(partition.partition, end)
    if (end > found.start) isMore = true
  }
  return isMore ? [...next].map(([partition, end]) => `${partition}:${end}`).join(',') : null
}

function readEnds(text: string): Ends {
  return new Map(
    [...text.matchAll(/(\d{1,9}):(\d{1,18})(?:,|$)/g)].map(([, partition, end]) => [
      Number(partition),
      BigInt(end ?? 0)
    ])
  )
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

const transactional = 0x10

function recordView(record: ConsumedRecord, mostBytes: number): RecordView {
  const { topic, partition, offset, timestampMs, timestampType, key, value, headers, producerId, attributes } = record
  return {
    ...{ topic, partition, offset: Number(offset), timestampMs, timestampType },
    key: bytesView(key, mostBytes),
    value: bytesView(value, mostBytes),
    headers: headers.map(([name, content]) => [bytesView(name, mostBytes)?.text ?? '', bytesView(content, mostBytes)]),
    producerId: producerId < 0n ? null : Number(producerId),
    isTransactional: (attributes & transactional) !== 0
  }
}

function bytesView(bytes: Buffer | null, mostBytes: number): BytesView | null {
  if (bytes === null) return null
  const isText = isUtf8(bytes)
  const isCut = bytes.length > mostBytes
  const shown = isCut ? bytes.subarray(0, mostBytes) : bytes
  // A character that is cut in two is left out.
  const text = isText ? new TextDecoder().decode(shown, { stream: isCut }) : shown.toString('hex')
  return { text, isText, sizeBytes: bytes.length, isCut }
}
