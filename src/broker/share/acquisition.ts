/**
 * What of the records that were read from the log goes to a member: first what is in flight and was given back, then what nobody has had
 * (KIP-932; Kafka: SharePartition.acquire).
 */
import { limits } from '../../limits.ts'
import type { InFlight, InFlightBatch } from './in-flight.ts'
import {
  acquiredBy,
  type Delivery,
  isAvailable,
  lengthOf,
  type OffsetRange,
  partsWithin,
  type Run,
  rewritten,
  unheld
} from './run.ts'
import type { ShareSettings } from './share-settings.ts'
import { deliveredTogether } from './throttling.ts'

/** As the wire numbers them: the maximum of records is reached by whole batches, or is exact. */
export const acquireModes = ['batch-optimized', 'record-limit'] as const
export type AcquireMode = (typeof acquireModes)[number]

export interface AcquireRequest {
  readonly memberId: string
  readonly mode: AcquireMode
  readonly maxRecords: number
  /** How many records a range of the answer has at least, where it ends with a batch of the log; where the maximum is exact there is one range. */
  readonly batchSize: number
}

/** What was read from the log. */
export interface FetchedRecords {
  /** From where on. Nothing lies between it and the first batch. */
  readonly fetchOffset: number
  /** Of each batch, the offsets that it spans. */
  readonly batches: readonly OffsetRange[]
  /** Of aborted transactions, in order; empty for a group that reads uncommitted records. */
  readonly aborted: readonly OffsetRange[]
}

export interface AcquiredRecords extends OffsetRange {
  readonly deliveryCount: number
}

export class Acquisition {
  acquired: AcquiredRecords[] = []
  readonly #inFlight: InFlight
  readonly #request: AcquireRequest
  readonly #settings: ShareSettings
  readonly #lockedUntilMs: number
  #count = 0
  /** So many records in all; where there is room for new ones, no more than that (where all are locked, what was given back goes out all the same). */
  #most: number

  constructor(inFlight: InFlight, request: AcquireRequest, settings: ShareSettings, nowMs: number) {
    this.#inFlight = inFlight
    this.#request = request
    this.#settings = settings
    this.#most = request.maxRecords
    this.#lockedUntilMs = nowMs + settings.recordLockDurationMs
  }

  take({ fetchOffset, batches, aborted }: FetchedRecords): void {
    const [first, last] = [batches[0], batches.at(-1)]
    const unlocked = this.#settings.maxRecordLocks - this.#inFlight.length
    if (unlocked > 0) this.#most = Math.min(this.#most, unlocked)
    if (first === undefined || last === undefined || this.#room <= 0) return
    // Compaction has taken them: nobody can be given them.
    if (fetchOffset < first.firstOffset)
      this.#archive([{ firstOffset: fetchOffset, lastOffset: first.firstOffset - 1 }], isAvailable)
    const range = { firstOffset: first.firstOffset, lastOffset: last.lastOffset }
    const isMoreWanted = this.#takeKnown(range)
    if (isMoreWanted && this.#room > 0 && unlocked > 0) this.#takeNew(range, batches)
    if (aborted.length > 0) this.#leaveOut(aborted)
  }

  /** Records of aborted transactions are taken as others are, and are done at once: nobody is told of them. */
  #leaveOut(aborted: readonly OffsetRange[]): void {
    this.#archive(aborted, ({ state }) => state === 'acquired')
    this.acquired = [...outside(this.acquired, aborted)]
  }

  get #room(): number {
    return this.#most - this.#count
  }

  #archive(ranges: readonly OffsetRange[], isMeant: (delivery: Delivery) => boolean): void {
    this.#inFlight.rewrite(ranges, ({ delivery }) =>
      isMeant(delivery) ? unheld('archived', delivery.count) : delivery
    )
  }

  /** False when nothing more is to be taken. */
  #takeKnown(range: OffsetRange): boolean {
    for (const [batch] of this.#inFlight.within([range])) if (!this.#takeAgain(batch, range)) return false
    return true
  }

  /** The same. */
  #takeAgain(known: InFlightBatch, range: OffsetRange): boolean {
    const batch = this.#withoutExhausted(known)
    const available = [...partsWithin(batch.runs, [range])]
      .map(([part]) => part)
      .filter((part) => isAvailable(part.delivery))
    const [first] = available
    if (first === undefined) return true
    const isThrottled = Number.isFinite(this.#together(first, batch))
    // What has failed goes out alone, so that nothing else fails with it.
    if (isThrottled && this.#count > 0) return false
    const lastAttempts = available.findIndex((part, index) => index > 0 && this.#isLastAttempt(part, batch))
    const most = Math.min(this.#together(first, batch), this.#isExact ? this.#room : Number.POSITIVE_INFINITY)
    this.#acquire(batch, firstOf(lastAttempts < 0 ? available : available.slice(0, lastAttempts), most))
    return !isThrottled && lastAttempts < 0 && this.#room > 0
  }

  get #isExact(): boolean {
    return this.#request.mode === 'record-limit'
  }

  #together({ delivery }: Run, { size }: InFlightBatch): number {
    return deliveredTogether(delivery.count, size, this.#settings.deliveryCountLimit)
  }

  #isLastAttempt(part: Run, batch: InFlightBatch): boolean {
    const isLast = part.delivery.count >= this.#settings.deliveryCountLimit - 1
    return isLast && Number.isFinite(this.#together(part, batch))
  }

  /** The limit is lower than it was: what has reached it is given to nobody. */
  #withoutExhausted(batch: InFlightBatch): InFlightBatch {
    const { deliveryCountLimit } = this.#settings
    const isExhausted = ({ delivery }: Run) => isAvailable(delivery) && delivery.count >= deliveryCountLimit
    if (!batch.runs.some(isExhausted)) return batch
    const archive = (part: Run) => (isExhausted(part) ? unheld('archived', part.delivery.count) : part.delivery)
    const changed = { ...batch, runs: rewritten(batch.runs, [batch], archive) }
    this.#inFlight.replace(changed)
    return changed
  }

  #acquire(batch: InFlightBatch, ranges: readonly OffsetRange[]): void {
    const runs = rewritten(batch.runs, ranges, ({ delivery }) => this.#acquired(delivery.count + 1))
    this.#inFlight.replace({ ...batch, runs })
    this.#answer(runs, ranges)
  }

  #acquired(count: number): Delivery {
    return acquiredBy(this.#request.memberId, count, this.#lockedUntilMs)
  }

  /** A range of the answer lies in one batch in flight, and in one run: its records have been delivered equally often. */
  #answer(runs: readonly Run[], ranges: readonly OffsetRange[]): void {
    const begins = this.acquired.length
    for (const [{ firstOffset, lastOffset, delivery }] of partsWithin(runs, ranges)) {
      if (delivery.state !== 'acquired') continue
      const part = { firstOffset, lastOffset, deliveryCount: delivery.count }
      this.#count += lengthOf(part)
      const before = this.acquired[this.acquired.length - 1]
      const goesOn = before?.deliveryCount === part.deliveryCount && before.lastOffset + 1 === firstOffset
      if (goesOn && this.acquired.length > begins) this.acquired[this.acquired.length - 1] = { ...before, lastOffset }
      else this.acquired.push(part)
    }
  }

  #takeNew(range: OffsetRange, batches: readonly OffsetRange[]): void {
    if (range.lastOffset <= this.#inFlight.endOffset) return
    this.#passOverHole(range.firstOffset)
    const begins = this.#inFlight.endOffset + 1
    const wanted = this.#room
    const lastPossible = begins + limits.sharePartitionRecords - this.#inFlight.length - 1
    const lastAcquired = this.#isExact ? begins + wanted - 1 : lastPossible
    const batchSize = this.#isExact ? Number.POSITIVE_INFINITY : this.#request.batchSize
    let firstOffset = begins
    for (const batch of batches) {
      const lastOffset = Math.min(batch.lastOffset, lastPossible)
      if (lastOffset < firstOffset) continue
      const isEnough = lastOffset - begins + 1 >= wanted
      const isLast = isEnough || lastOffset === range.lastOffset
      if (!isLast && lastOffset - firstOffset + 1 < batchSize) continue
      this.#append({ firstOffset, lastOffset }, lastAcquired)
      firstOffset = lastOffset + 1
      if (isEnough) return
    }
  }

  /** The log has no records between the end and what comes next: where nothing is in flight it begins there, else they are done. */
  #passOverHole(nextOffset: number): void {
    const firstOffset = this.#inFlight.endOffset + 1
    if (nextOffset <= firstOffset) return
    if (this.#inFlight.length === 0) this.#inFlight.dropBefore(nextOffset)
    else this.#inFlight.append(batchOf({ firstOffset, lastOffset: nextOffset - 1 }, unheld('archived', 0)))
  }

  #append(range: OffsetRange, lastAcquired: number): void {
    const whole = batchOf(range, unheld('available', 0))
    const ours = { firstOffset: range.firstOffset, lastOffset: Math.min(range.lastOffset, lastAcquired) }
    const runs = rewritten(whole.runs, [ours], () => this.#acquired(1))
    this.#inFlight.append({ ...whole, runs })
    this.#answer(runs, [ours])
  }
}

export function batchOf(range: OffsetRange, delivery: Delivery): InFlightBatch {
  return { ...range, size: lengthOf(range), runs: [{ ...range, delivery }] }
}

/** So many offsets of them. */
function firstOf(parts: readonly OffsetRange[], count: number): readonly OffsetRange[] {
  const ranges: OffsetRange[] = []
  let left = count
  for (const { firstOffset, lastOffset } of parts) {
    if (left <= 0) break
    const range = { firstOffset, lastOffset: Math.min(lastOffset, firstOffset + left - 1) }
    ranges.push(range)
    left -= lengthOf(range)
  }
  return ranges
}

/** What of them lies in none of the ranges. Both are in order. */
function* outside(acquired: readonly AcquiredRecords[], ranges: readonly OffsetRange[]): Iterable<AcquiredRecords> {
  let next = 0
  for (const one of acquired) {
    let { firstOffset } = one
    for (let range = ranges[next]; range !== undefined && range.firstOffset <= one.lastOffset; range = ranges[next]) {
      if (firstOffset < range.firstOffset) yield { ...one, firstOffset, lastOffset: range.firstOffset - 1 }
      firstOffset = Math.max(firstOffset, range.lastOffset + 1)
      if (range.lastOffset > one.lastOffset) break
      next += 1
    }
    if (firstOffset <= one.lastOffset) yield { ...one, firstOffset }
  }
}
