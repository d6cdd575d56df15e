/** Records as the page shows them: the newest of a topic, page by page, one in full, and those that come. */
import { isUtf8 } from 'node:buffer'
import type { Cluster } from '../../cli/cluster.ts'
import { Reader, type ReaderOptions } from '../../cli/consume/reader.ts'
import { findBoundsNow, type LedPartition, ledPartitions, partitionName } from '../../cli/partitions.ts'
import type { ConsumedRecord } from '../../cli/record.ts'
import type { BytesView, RecordsView, RecordView } from '../wire.ts'
import { oneTopic } from './topics.ts'

interface Shown {
  /** Of a key, a value, the name or the value of a header. */
  readonly bytes: number
  readonly headers: number
}

const inList: Shown = { bytes: 500, headers: 50 }
const opened: Shown = { bytes: 256 * 1024, headers: 1000 }

/** So many partitions are read at once: each takes a fetch of up to a megabyte. */
const partitionsAtOnce = 8

/** The end of what is wanted of each partition, exclusive, by its number: how one page says where the next begins. */
type Ends = ReadonlyMap<number, bigint>

export interface RecordsWanted {
  readonly count: number
  /** What the page before gave for it; null: the newest. */
  readonly before: string | null
}

/**
 * The newest records of all partitions, by their time. Of each partition no more are read than may be shown, twice as many where offsets have
 * holes, and so on; of what is read no more is kept than is shown.
 */
export async function newestRecords(
  cluster: Cluster,
  topic: string,
  wanted: RecordsWanted,
  interrupted: AbortSignal
): Promise<RecordsView> {
  const partitions = await partitionsOf(cluster, topic, null)
  const { bounds } = await findBoundsNow(cluster, partitions, 'uncommitted', 'told at once')
  const ends = wanted.before === null ? null : readEnds(wanted.before)
  const lastOfOne = async (partition: LedPartition): Promise<readonly RecordView[]> => {
    const found = bounds.get(partitionName(partition))
    if (found === undefined) return []
    const end = least(ends?.get(partition.partition) ?? found.end, found.end)
    return await lastOf(cluster, partition, { start: found.start, end, count: wanted.count, interrupted })
  }
  const read: (readonly RecordView[])[] = []
  for (let first = 0; first < partitions.length; first += partitionsAtOnce)
    read.push(...(await Promise.all(partitions.slice(first, first + partitionsAtOnce).map(lastOfOne))))
  const records = newestOf(read, wanted.count)
  return { records, before: endsBefore(partitions, bounds, ends, records) }
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
    for (const record of records) if (record.offset === place.offset) return recordView(record, opened)
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
  // One that nobody leads is not there for who looks now.
  for (const partition of partitions) {
    const end = bounds.get(partitionName(partition))?.end
    if (end !== undefined) reader.add(partition, end, undefined)
  }
  return reader.read()
}

export function shownRecord(record: ConsumedRecord): RecordView {
  return recordView(record, inList)
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
): Promise<readonly RecordView[]> {
  for (let width = BigInt(count); ; width *= 2n) {
    const from = end - width > start ? end - width : start
    if (from >= end) return []
    const reader = readerOf(cluster, interrupted)
    reader.add(partition, from, end)
    let last: readonly RecordView[] = []
    for await (const records of reader.read()) last = [...last, ...records.slice(-count).map(shownRecord)].slice(-count)
    interrupted.throwIfAborted()
    if (last.length === count || from === start) return last
  }
}

/** By time, as producers set it; of one partition never against the order of the log. */
function newestOf(partitions: readonly (readonly RecordView[])[], count: number): RecordView[] {
  const left = partitions.map((records) => [...records])
  const newest: RecordView[] = []
  while (newest.length < count) {
    const next = left.reduce((best, records) => (timeOfLast(records) > timeOfLast(best) ? records : best), [])
    const record = next.pop()
    if (record === undefined) break
    newest.push(record)
  }
  return newest
}

function timeOfLast(records: readonly RecordView[]): number {
  return records.at(-1)?.timestampMs ?? Number.NEGATIVE_INFINITY
}

function endsBefore(
  partitions: readonly LedPartition[],
  bounds: ReadonlyMap<string, { readonly start: bigint; readonly end: bigint }>,
  ends: Ends | null,
  shown: readonly RecordView[]
): string | null {
  const next = new Map<number, bigint>()
  let isMore = false
  for (const partition of partitions) {
    const found = bounds.get(partitionName(partition))
    if (found === undefined) continue
    const oldest = shown.findLast((record) => record.partition === partition.partition)
    const end =
      oldest !== undefined ? BigInt(oldest.offset) : least(ends?.get(partition.partition) ?? found.end, found.end)
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

function recordView(record: ConsumedRecord, { bytes: most, headers: mostHeaders }: Shown): RecordView {
  const { topic, partition, offset, timestampMs, timestampType, key, value, headers, producerId, attributes } = record
  const shown = headers.slice(0, mostHeaders)
  return {
    ...{ topic, partition, offset: Number(offset), timestampMs, timestampType },
    key: bytesView(key, most),
    value: bytesView(value, most),
    headers: shown.map(([name, content]) => [bytesView(name, most)?.text ?? '', bytesView(content, most)]),
    headersLeftOut: headers.length - shown.length,
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
  const text = isText
    ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(shown, { stream: isCut })
    : shown.toString('hex')
  return { text, isText, sizeBytes: bytes.length, isCut }
}
