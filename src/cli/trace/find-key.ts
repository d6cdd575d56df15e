/**
 * Finds the newest record with a key: in the partition its hash gives, from the end backwards in growing windows, then in
 * the one librdkafka's default partitioner gives, then in the others. The first partition that has it ends the search.
 */
import type { Cluster } from '../cluster.ts'
import { Reader, type ReaderOptions } from '../consume/reader.ts'
import { type Bounds, type LedPartition, partitionBounds, partitionName } from '../partitions.ts'
import { partitionOfKey } from '../produce/murmur2.ts'
import { crc32Partition } from './partitioning.ts'

const firstWindow = 1024n

export interface KeySearch {
  /** Undefined: no partition has it, or the search was interrupted. */
  readonly found: { readonly partition: number; readonly offset: bigint } | undefined
  /** How many offsets were looked through. */
  readonly searched: bigint
}

export interface SearchOptions extends ReaderOptions {
  onWindow(partition: number, window: Bounds): void
}

export async function newestWithKey(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  key: Buffer,
  options: SearchOptions
): Promise<KeySearch> {
  const bounds = await partitionBounds(cluster, partitions)
  let searched = 0n
  for (const index of searchOrder(key, partitions.length)) {
    const partition = partitions[index]
    const whole = partition && bounds.get(partitionName(partition))
    if (partition === undefined || whole === undefined) continue
    for (const window of windowsBackwards(whole, firstWindow)) {
      options.onWindow(index, window)
      const offset = await lastInWindow(cluster, partition, window, key, options)
      searched += window.end - window.start
      if (offset !== undefined) return { found: { partition: index, offset }, searched }
      if (options.interrupted.aborted) return { found: undefined, searched }
    }
  }
  return { found: undefined, searched }
}

/** Each partition once, the likeliest first. */
export function searchOrder(key: Buffer, partitions: number): number[] {
  const all = Array.from({ length: partitions }, (_, index) => index)
  const likely = [partitionOfKey(key, partitions), crc32Partition(key, partitions)]
  return [...new Set([...likely.filter((index) => index !== undefined), ...all])]
}

/** Back from the end, each twice as wide as the one before, together exactly what is there. */
export function* windowsBackwards({ start, end }: Bounds, first: bigint): Generator<Bounds> {
  let upper = end
  for (let width = first; upper > start; width *= 2n) {
    const lower = upper - width > start ? upper - width : start
    yield { start: lower, end: upper }
    upper = lower
  }
}

async function lastInWindow(
  cluster: Cluster,
  partition: LedPartition,
  window: Bounds,
  key: Buffer,
  options: ReaderOptions
): Promise<bigint | undefined> {
  const reader = new Reader(cluster, options)
  reader.add(partition, window.start, window.end)
  let last: bigint | undefined
  for await (const records of reader.read()) {
    for (const record of records) if (record.key?.equals(key)) last = record.offset
  }
  return last
}
