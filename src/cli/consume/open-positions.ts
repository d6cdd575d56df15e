/**
 * Gives a reader its partitions, each with the offset to begin at and, for a range or --exit, the offset to stop before. Those that
 * cannot be read are named and passed over, until they can be; when there is no other, whoever follows waits for them, and for whoever
 * stops at an end it is an error.
 */

import type { Cluster } from '../cluster.ts'
import { firstOf } from '../counted.ts'
import { type Position, perhapsATime, perhapsATimeOfDay, type Range } from '../offsets.ts'
import {
  type Bounds,
  findBounds,
  findBoundsNow,
  type LedPartition,
  partitionName,
  resolvePosition
} from '../partitions.ts'
import { tellUnreadable, UnreadableError, type UnreadablePartitions } from '../unreadable.ts'
import { tellHeldBack } from './held-back.ts'
import { lastRecordsStarts } from './last-records.ts'
import type { ConsumePlan } from './plan.ts'
import { comesBack, type Reader, type ReaderOptions } from './reader.ts'

type OpeningPlan = Pick<ConsumePlan, 'range' | 'exitAtEnd' | 'isolation'>

/** Returns why there is nothing to read, if so and not told yet. */
export async function openPositions(
  cluster: Cluster,
  reader: Reader,
  chosen: readonly LedPartition[],
  plan: OpeningPlan,
  options: ReaderOptions,
  committed: ReadonlyMap<string, bigint> = new Map()
): Promise<string | undefined> {
  if (chosen.length === 0) return undefined
  const found = await findBounds(cluster, chosen, plan.isolation)
  passOver(reader, chosen, found.unreadable, follows(plan) ? 'wait for the only ones' : 'fail without others', options)
  await addPositions(cluster, reader, chosen, found.bounds, plan, options, committed)
  const isEmpty = [...reader.positions.values()].every(({ next, end }) => end !== undefined && next >= end)
  const held =
    plan.isolation === 'committed' && !follows(plan)
      ? await tellHeldBack(cluster, reader, chosen, plan, found.bounds)
      : undefined
  if (held !== undefined) options.onNotice(isEmpty ? `nothing to read yet: ${held}` : held)
  return isEmpty && held === undefined && found.bounds.size > 0 ? whyNothing(plan.range, found.bounds) : undefined
}

/**
 * Those that were passed over, if they can be read by now: where they were left, or where their reading was to begin. Without patience:
 * while a leader is asked, nobody reads the others.
 */
export async function openPassedOver(
  cluster: Cluster,
  reader: Reader,
  partitions: readonly LedPartition[],
  plan: OpeningPlan,
  options: ReaderOptions,
  committed: ReadonlyMap<string, bigint> = new Map()
): Promise<void> {
  if (partitions.length === 0) return
  const { bounds } = await findBoundsNow(cluster, partitions, plan.isolation, 'told at once')
  if (bounds.size === 0) return
  const left = partitions.flatMap(({ topicId, ...partition }) => {
    const name = partitionName(partition)
    const passedOver = reader.passedOver.get(name)
    if (passedOver === undefined) return []
    const isAnew = passedOver.partition.topicId !== topicId
    const next = isAnew ? 0n : passedOver.next
    return next === undefined ? [] : [[name, next] as const]
  })
  await addPositions(cluster, reader, partitions, bounds, plan, options, new Map([...committed, ...left]))
  options.onNotice(`${firstOf([...bounds.keys()])} can be read now; going on with what is there`)
}

/** Whether the reading has no end of its own. */
export function follows({ range, exitAtEnd }: Pick<ConsumePlan, 'range' | 'exitAtEnd'>): boolean {
  return range.to === undefined && !exitAtEnd
}

/** Names them. Throws when there is nothing else to read, unless they may come back and are waited for. */
function passOver(
  reader: Reader,
  chosen: readonly LedPartition[],
  unreadable: UnreadablePartitions,
  alone: 'wait for the only ones' | 'fail without others',
  options: ReaderOptions
): void {
  const isAlone = unreadable.size === chosen.length && reader.positions.size === 0
  const reasons = new Map([...unreadable].map(([name, one]) => [name, new UnreadableError(one)]))
  const [first] = reasons.values()
  const isWorthWaiting = alone === 'wait for the only ones' && [...reasons.values()].some(comesBack)
  if (first !== undefined && isAlone && !isWorthWaiting) throw first
  for (const partition of chosen) {
    const reason = reasons.get(partitionName(partition))
    if (reason) reader.passedOver.set(partitionName(partition), { partition, reason, next: undefined })
  }
  const told = tellUnreadable(unreadable, isAlone ? 'waiting until it can be' : 'reading the others')
  if (told !== undefined) options.onNotice(told)
}

/** Of those whose bounds are known. */
async function addPositions(
  cluster: Cluster,
  reader: Reader,
  chosen: readonly LedPartition[],
  bounds: ReadonlyMap<string, Bounds>,
  plan: OpeningPlan,
  options: ReaderOptions,
  committed: ReadonlyMap<string, bigint>
): Promise<void> {
  const partitions = chosen.filter((one) => bounds.has(partitionName(one)))
  const locate = async (position: Position) =>
    position.kind === 'before-end'
      ? await lastRecordsStarts(cluster, partitions, position.count, bounds, options)
      : await resolvePosition(cluster, partitions, position, bounds)
  const starts = await locate(plan.range.from)
  if (follows(plan)) {
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
  return `offset ${from.offset} is not there yet: ${ends}; reading what comes from there on${perhapsATime(from)}`
}

/** Of a range in which no offset lies. */
function whyNothing(range: Range, bounds: ReadonlyMap<string, Bounds>): string {
  const held = [...bounds].filter(([, { start, end }]) => end > start)
  if (held.length === 0) return 'nothing to read: no records are there'
  const holds = firstOf(held.map(([name, { start, end }]) => `${name} holds ${start} to ${end - 1n}`))
  const timeOfDay = perhapsATimeOfDay(range)
  return `nothing to read there: ${holds}${perhapsATime(range.from)}${timeOfDay === undefined ? '' : `; ${timeOfDay}`}`
}

function endOf(bounds: ReadonlyMap<string, Bounds>, name: string): bigint {
  return bounds.get(name)?.end ?? 0n
}
