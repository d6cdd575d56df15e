/**
 * Gives a reader its partitions, each with the offset to begin at and, for a range or --exit, the offset to stop before. Those that
 * cannot be read are named and passed over; when there is no other, it is an error. Returns why there is nothing to read, if so.
 */
import type { Cluster } from '../cluster.ts'
import type { Position, Range } from '../offsets.ts'
import { type Bounds, findBounds, type LedPartition, partitionName, resolvePosition } from '../partitions.ts'
import { tellUnreadable, UnreadableError } from '../unreadable.ts'
import { lastRecordsStarts } from './last-records.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader, ReaderOptions } from './reader.ts'

export async function openPositions(
  cluster: Cluster,
  reader: Reader,
  chosen: readonly LedPartition[],
  plan: Pick<ConsumePlan, 'range' | 'exitAtEnd' | 'isolation'>,
  options: ReaderOptions,
  committed: ReadonlyMap<string, bigint> = new Map()
): Promise<string | undefined> {
  if (chosen.length === 0) return undefined
  const { bounds, unreadable } = await findBounds(cluster, chosen, plan.isolation)
  const [first] = unreadable.values()
  if (first !== undefined && bounds.size === 0 && reader.positions.size === 0) throw new UnreadableError(first)
  for (const name of unreadable.keys()) reader.passedOver.add(name)
  const told = tellUnreadable(unreadable, 'reading the others')
  if (told !== undefined) options.onNotice(told)
  const partitions = chosen.filter((one) => bounds.has(partitionName(one)))
  const locate = async (position: Position) =>
    position.kind === 'before-end'
      ? await lastRecordsStarts(cluster, partitions, position.count, bounds, options)
      : await resolvePosition(cluster, partitions, position, bounds)
  const starts = await locate(plan.range.from)
  if (plan.range.to === undefined && !plan.exitAtEnd) {
    const uncommitted = partitions.filter((one) => !committed.has(partitionName(one)))
    const past = whatIsPast(plan.range.from, uncommitted, bounds)
    if (past !== undefined) options.onNotice(past)
  }
  const to = plan.range.to ?? (plan.exitAtEnd ? ({ kind: 'end' } as const) : undefined)
  const ends = to && (await locate(to))
  for (const partition of partitions) {
    const name = partitionName(partition)
    const next = committed.get(name) ?? starts.get(name) ?? 0n
    reader.add(partition, next, ends && (ends.get(name) ?? next))
    const position = reader.positions.get(name)
    if (position) position.highWatermark = endOf(bounds, name)
  }
  const isEmpty = [...reader.positions.values()].every(({ next, end }) => end !== undefined && next >= end)
  return isEmpty ? whyNothing(plan.range, bounds) : undefined
}

const namedPartitions = 3

function firstOf(names: readonly string[]): string {
  const more = names.length > namedPartitions ? ` and ${names.length - namedPartitions} more` : ''
  return `${names.slice(0, namedPartitions).join(', ')}${more}`
}

/** Of partitions that end before the offset that was asked for: what comes to them has lower ones. */
function whatIsPast(
  from: Position,
  partitions: readonly LedPartition[],
  bounds: ReadonlyMap<string, Bounds>
): string | undefined {
  if (from.kind !== 'offset') return undefined
  const names = partitions.map(partitionName).filter((name) => endOf(bounds, name) < from.offset)
  if (names.length === 0) return undefined
  const ends = firstOf(names.map((name) => `${name} ends at ${endOf(bounds, name)}`))
  return `offset ${from.offset} is not there yet: ${ends}; reading what comes from there on`
}

/** Of a range in which no offset lies. */
function whyNothing({ from, to }: Range, bounds: ReadonlyMap<string, Bounds>): string {
  if (from.kind === 'offset' && to?.kind === 'offset' && from.offset >= to.offset) {
    return `nothing to read: the range ${from.offset}:${to.offset} ends before it begins`
  }
  const held = [...bounds].filter(([, { start, end }]) => end > start)
  if (held.length === 0) return 'nothing to read: no records are there'
  return `nothing to read there: ${firstOf(held.map(([name, { start, end }]) => `${name} holds ${start} to ${end - 1n}`))}`
}

function endOf(bounds: ReadonlyMap<string, Bounds>, name: string): bigint {
  return bounds.get(name)?.end ?? 0n
}
