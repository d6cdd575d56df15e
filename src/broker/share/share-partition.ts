/**
 * A partition as one share group reads it, on the partition's leader: which records are given out, to whom and until when, and what became
 * of them (KIP-932; Kafka: SharePartition).
 *
 * It does nothing by itself. What has to be written down comes out as a change; whoever writes it says how that went, and then it holds, or
 * all of it is as it was. Until then nobody is given what it is about.
 *
 *   available ── acquire ──▶ acquired ── accept ──▶ acknowledged          done
 *       ▲                       │  │
 *       └── release, time-out ──┘  └── reject, gap, or the last attempt was given back ──▶ archived   done
 *                                      └──▶ archiving ── its dead letter is sent ──▶ archived, where the group has a topic for them
 */
import { append, type StateBatch } from '../../coordination/share-states/batches.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Acknowledgement, Verdict } from './acknowledgements.ts'
import { type AcquiredRecords, type AcquireRequest, Acquisition, batchOf, type FetchedRecords } from './acquisition.ts'
import { completeCount, InFlight } from './in-flight.ts'
import {
  type Delivery,
  type DeliveryState,
  isHeldBy,
  isSettled,
  type OffsetRange,
  partsWithin,
  type Run,
  unheld
} from './run.ts'
import type { ShareSettings } from './share-settings.ts'

/** What is to be written of a change, beside the epochs of who writes it. */
export interface ShareWrite {
  readonly startOffset: number
  readonly deliveryCompleteCount: number
  readonly stateBatches: readonly StateBatch[]
}

export interface Change {
  readonly id: number
  readonly write: ShareWrite
}

export type Acknowledged =
  | { readonly kind: 'refused'; readonly errorCode: ErrorCode; readonly message: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'changed'; readonly change: Change }

/** What was written of a share partition; nothing of it was ever acquired by anybody. */
export interface WrittenState {
  readonly startOffset: number
  readonly stateBatches: readonly StateBatch[]
}

/** As they are written down (Kafka: RecordState). */
const numbers: Record<DeliveryState, number> = { available: 0, acquired: 1, acknowledged: 2, archiving: 3, archived: 4 }

export class SharePartition {
  readonly #settings: () => ShareSettings
  readonly #inFlight: InFlight
  /** No lock runs out before. */
  #nextTimeoutMs = Number.POSITIVE_INFINITY
  #lastChange = 0

  /** Offsets between the batches that nothing was written of have been given to nobody who had time to say what became of them. */
  constructor({ startOffset, stateBatches }: WrittenState, settings: () => ShareSettings) {
    this.#settings = settings
    this.#inFlight = new InFlight(startOffset)
    for (const batch of stateBatches) {
      const firstOffset = this.#inFlight.endOffset + 1
      if (batch.firstOffset > firstOffset) {
        const unknown = { firstOffset, lastOffset: batch.firstOffset - 1 }
        this.#inFlight.append(batchOf(unknown, unheld('available', 0)))
      }
      this.#inFlight.append(batchOf(batch, writtenDelivery(batch)))
    }
    this.#inFlight.dropDone()
  }

  /** Everything before it is done. */
  get startOffset(): number {
    return this.#inFlight.startOffset
  }

  /** The last offset that was given out; the one before the start offset when all are done. */
  get endOffset(): number {
    return this.#inFlight.endOffset
  }

  /** Where the log is to be read for what can be given out. */
  get nextFetchOffset(): number {
    return this.#inFlight.nextFetchOffset
  }

  /** Whether anything could be given out, if the log has it: something was given back, or there is room for more. */
  get canAcquire(): boolean {
    const isReadOn = this.nextFetchOffset === this.endOffset + 1
    return !isReadOn || this.#inFlight.length < this.#settings().maxRecordLocks || this.#isStuck
  }

  /** The first moment at which a lock may run out; Infinity when there is none. */
  get nextTimeoutMs(): number {
    return this.#nextTimeoutMs
  }

  /** Whether a member holds a record: a lock that was given may have been spoken of since. */
  get isHeld(): boolean {
    if (this.#nextTimeoutMs === Number.POSITIVE_INFINITY) return false
    for (const { delivery } of this.runs()) if (delivery.state === 'acquired') return true
    return false
  }

  /** How far each offset is, from the start on. */
  runs(): Iterable<Run> {
    return this.#inFlight.runs()
  }

  /** Gives records to a member, for a time. Nothing is written: a crash gives them back, and does not count the attempt. */
  acquire(request: AcquireRequest, fetched: FetchedRecords, nowMs: number): readonly AcquiredRecords[] {
    const settings = this.#settings()
    if (this.#isStuck) this.#inFlight.dropDone()
    const acquisition = new Acquisition(this.#inFlight, request, settings, nowMs)
    acquisition.take(fetched)
    if (acquisition.acquired.length > 0) this.#locked(nowMs + settings.recordLockDurationMs)
    return acquisition.acquired
  }

  /** There is no room for more, and all of it is done without a write: none will come that the start offset could move with. */
  get #isStuck(): boolean {
    if (this.#inFlight.length < this.#settings().maxRecordLocks) return false
    for (const { delivery } of this.runs()) if (!isSettled(delivery)) return false
    return true
  }

  /** What a member says of records that it holds, in order. All of it holds, or nothing. */
  acknowledge(memberId: string, said: readonly Acknowledgement[], nowMs: number): Acknowledged {
    const { renewsLocks, recordLockDurationMs } = this.#settings()
    if (!renewsLocks && said.some(({ verdict }) => verdict === 'renew'))
      return invalidState('Renewing acquisition locks is not enabled for the group.')
    const ranges = said
      .filter(({ lastOffset }) => lastOffset >= this.startOffset)
      .map((one) => ({ ...one, firstOffset: Math.max(one.firstOffset, this.startOffset) }))
    const objection = this.#objectionTo(memberId, ranges)
    if (objection !== null) return objection
    const lockedUntilMs = nowMs + recordLockDurationMs
    if (ranges.some(({ verdict }) => verdict === 'renew')) this.#locked(lockedUntilMs)
    const change = this.#change(ranges, ({ delivery }, { verdict }) =>
      verdict === 'renew' ? { ...delivery, lockedUntilMs } : this.#judged(delivery, verdict)
    )
    return change === null ? { kind: 'done' } : { kind: 'changed', change }
  }

  /** Gives back what a member holds, because its session ends. Null when it holds nothing. */
  release(memberId: string): Change | null {
    return this.#change([this.#everything], ({ delivery }) =>
      isHeldBy(delivery, memberId) ? this.#judged(delivery, 'release') : delivery
    )
  }

  /**
   * Gives back what nobody has spoken of in time. It holds at once: whether it is written makes no difference to what was said. What is done by
   * it is forgotten once the write has ended.
   */
  timeOut(nowMs: number): ShareWrite | null {
    if (nowMs < this.#nextTimeoutMs) return null
    let nextTimeoutMs = Number.POSITIVE_INFINITY
    const change = this.#change([this.#everything], ({ delivery }) => {
      if (delivery.state !== 'acquired' || delivery.pending !== null) return delivery
      if (delivery.lockedUntilMs <= nowMs) return this.#judged(delivery, 'release')
      nextTimeoutMs = Math.min(nextTimeoutMs, delivery.lockedUntilMs)
      return delivery
    })
    this.#nextTimeoutMs = nextTimeoutMs
    if (change === null) return null
    this.#hold(change)
    return change.write
  }

  /** It is safe: what is done at the front is forgotten, what was given back can be given out. */
  written(change: Change): void {
    this.#hold(change)
    this.writeEnded()
  }

  /** The start offset moves with writes only: what is done at the front by itself, as records of aborted transactions are, waits for one. */
  writeEnded(): void {
    this.#inFlight.dropDone()
  }

  /** It was not written: everything that it is about is held as it was, as long as it would have been. */
  refused(change: Change): void {
    this.#settle(change, (before) => {
      this.#locked(before.lockedUntilMs)
      return before
    })
  }

  /** Of these offsets, those whose dead letters were sent, or cannot be, are done. Null when there are none. */
  archive(ranges: readonly OffsetRange[]): Change | null {
    return this.#change(ranges, ({ delivery }) => {
      const isReady = delivery.state === 'archiving' && delivery.pending === null
      return isReady ? unheld('archived', delivery.count) : delivery
    })
  }

  /** The log begins later now: what lies before is forgotten, whoever holds it. */
  logStartMoved(logStartOffset: number): void {
    this.#inFlight.dropBefore(logStartOffset)
  }

  get #everything(): OffsetRange {
    return { firstOffset: this.startOffset, lastOffset: this.endOffset }
  }

  #locked(untilMs: number): void {
    this.#nextTimeoutMs = Math.min(this.#nextTimeoutMs, untilMs)
  }

  #objectionTo(memberId: string, ranges: readonly Acknowledgement[]): Acknowledged | null {
    const { startOffset, endOffset } = this
    let before = startOffset - 1
    for (const { firstOffset, lastOffset } of ranges) {
      if (endOffset < startOffset)
        return invalidState('Batch record not found. The request batch offsets are not found in the cache.')
      if (firstOffset > endOffset)
        return invalidRequest('Batch record not found. The first offset in request is past acquired records.')
      if (lastOffset > endOffset)
        return invalidRequest('Batch record not found. The last offset in request is past acquired records.')
      if (firstOffset <= before) return notAcquired
      before = lastOffset
    }
    for (const [batch, some] of this.#inFlight.within(ranges)) {
      for (const [{ delivery }] of partsWithin(batch.runs, some)) {
        if (delivery.state !== 'acquired' || delivery.pending !== null) return notAcquired
        if (delivery.memberId !== memberId) return batch.runs.length === 1 ? notOwnerOfBatch : notOwnerOfOffset
      }
    }
    return null
  }

  #judged({ count }: Delivery, verdict: Exclude<Verdict, 'renew'>): Delivery {
    if (verdict === 'accept') return unheld('acknowledged', count)
    const { deliveryCountLimit, deadLetterTopic } = this.#settings()
    if (verdict === 'release' && count < deliveryCountLimit) return unheld('available', count)
    return unheld(verdict === 'gap' || deadLetterTopic === null ? 'archived' : 'archiving', count)
  }

  /** Changes what lies in the ranges; null where no state of a record has. */
  #change<Range extends OffsetRange>(
    ranges: readonly Range[],
    judge: (part: Run, range: Range) => Delivery
  ): Change | null {
    const stateBatches: StateBatch[] = []
    this.#lastChange += 1
    const id = this.#lastChange
    this.#inFlight.rewrite(ranges, (part, range) => {
      const { firstOffset, lastOffset, delivery: before } = part
      const after = judge(part, range)
      if (after.state === before.state) return after
      append(stateBatches, { firstOffset, lastOffset, deliveryState: numbers[after.state], deliveryCount: after.count })
      return { ...after, pending: { change: id, before } }
    })
    if (stateBatches.length === 0) return null
    const deliveryCompleteCount = completeCount(this.runs())
    return { id, write: { startOffset: this.startOffset, deliveryCompleteCount, stateBatches } }
  }

  #hold(change: Change): void {
    this.#settle(change, (_, after) => ({ ...after, pending: null }))
  }

  #settle({ id, write }: Change, settled: (before: Delivery, after: Delivery) => Delivery): void {
    this.#inFlight.rewrite(write.stateBatches, ({ delivery }) =>
      delivery.pending?.change === id ? settled(delivery.pending.before, delivery) : delivery
    )
  }
}

function writtenDelivery({ deliveryState, deliveryCount }: StateBatch): Delivery {
  const { acknowledged, archiving, archived } = numbers
  if (deliveryState === acknowledged) return unheld('acknowledged', deliveryCount)
  if (deliveryState === archiving) return unheld('archiving', deliveryCount)
  return unheld(deliveryState === archived ? 'archived' : 'available', deliveryCount)
}

function invalidState(message: string): Acknowledged {
  return { kind: 'refused', errorCode: ErrorCode.INVALID_RECORD_STATE, message }
}

function invalidRequest(message: string): Acknowledged {
  return { kind: 'refused', errorCode: ErrorCode.INVALID_REQUEST, message }
}

const notAcquired = invalidState('The offset cannot be acknowledged. The offset is not acquired.')
const notOwnerOfBatch = invalidState('Member is not the owner of batch record')
const notOwnerOfOffset = invalidState('Member is not the owner of offset')
