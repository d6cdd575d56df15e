/**
 * Gives a reader its partitions, each with the offset to begin at and, for a range or --exit, the offset to stop before.
 */
import type { Cluster } from '../cluster.ts'
import type { Position } from '../offsets.ts'
import { type Bounds, type LedPartition, partitionBounds, partitionName, resolvePosition } from '../partitions.ts'
import { lastRecordsStarts } from './last-records.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader, ReaderOptions } from './reader.ts'

export async function openPositions(
  cluster: Cluster,
  reader: Reader,
  partitions: readonly LedPartition[],
  plan: Pick<ConsumePlan, 'range' | 'exitAtEnd' | 'isolation'>,
  options: ReaderOptions,
  committed: ReadonlyMap<string, bigint> = new Map()
): Promise<void> {
  if (partitions.length === 0) return
  const bounds = await partitionBounds(cluster, partitions, plan.isolation)
  const locate = async (position: Position) =>
    position.kind === 'before-end'
      ? await lastRecordsStarts(cluster, partitions, position.count, bounds, options)
      : await resolvePosition(cluster, partitions, position, bounds)
  const starts = await locate(plan.range.from)
  const to = plan.range.to ?? (plan.exitAtEnd ? ({ kind: 'end' } as const) : undefined)
  const ends = to && (await locate(to))
  for (const partition of partitions) {
    const name = partitionName(partition)
    const next = committed.get(name) ?? starts.get(name) ?? 0n
    reader.add(partition, next, ends && (ends.get(name) ?? next))
    const position = reader.positions.get(name)
    if (position) position.highWatermark = endOf(bounds, name)
  }
}

function endOf(bounds: ReadonlyMap<string, Bounds>, name: string): bigint {
  return bounds.get(name)?.end ?? 0n
}
