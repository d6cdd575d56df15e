/**
 * Finds where the last N records of a partition begin. Offsets have holes, so the way back is doubled until enough
 * records were seen between there and the end, or the partition begins.
 */
import type { Cluster } from '../cluster.ts'
import { type Bounds, type LedPartition, partitionName } from '../partitions.ts'
import { Reader, type ReaderOptions } from './reader.ts'

export async function lastRecordsStarts(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  count: number,
  bounds: ReadonlyMap<string, Bounds>,
  options: ReaderOptions
): Promise<Map<string, bigint>> {
  const starts = new Map<string, bigint>()
  for (const partition of partitions) {
    const { start, end } = bounds.get(partitionName(partition)) ?? { start: 0n, end: 0n }
    starts.set(partitionName(partition), await lastRecordsStart(cluster, partition, count, { start, end }, options))
  }
  return starts
}

async function lastRecordsStart(
  cluster: Cluster,
  partition: LedPartition,
  count: number,
  { start, end }: Bounds,
  options: ReaderOptions
): Promise<bigint> {
  if (count === 0) return end
  for (let width = BigInt(count); ; width *= 2n) {
    const from = end - width > start ? end - width : start
    const offsets = await lastOffsets(cluster, partition, from, end, count, options)
    // Then it is not known what lies there.
    options.interrupted.throwIfAborted()
    const [first] = offsets
    if (first !== undefined && offsets.length === count) return first
    if (from === start) return start
  }
}

async function lastOffsets(
  cluster: Cluster,
  partition: LedPartition,
  from: bigint,
  end: bigint,
  count: number,
  options: ReaderOptions
): Promise<bigint[]> {
  const reader = new Reader(cluster, options)
  reader.add(partition, from, end)
  let offsets: bigint[] = []
  for await (const records of reader.read()) {
    offsets = [...offsets, ...records.map((record) => record.offset)].slice(-count)
  }
  return offsets
}
