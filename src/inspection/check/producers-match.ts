/**
 * Whether the snapshots of a partition's producers say what its batches say up to there. A producer that a snapshot leaves out may
 * have expired, unless it wrote last of all and not long ago; what it tells of one must be what that one has written last.
 */
import type { PlacedBatch } from '../../log/batch-walk.ts'
import { type ProducerEntry, producerExpirationMs } from '../../log/producer-state.ts'
import {
  type BatchHeader,
  hasProducerId,
  isControl,
  lastOffsetOf,
  lastSequenceOf
} from '../../protocol/records/batch.ts'

export interface KnownSnapshot {
  readonly offset: number
  readonly entries: readonly ProducerEntry[]
}

export class ProducersMatch {
  readonly #snapshots: KnownSnapshot[]
  readonly #written = new Map<number, BatchHeader>()
  /** Of the last batch or marker of each producer. */
  readonly #times = new Map<number, number>()
  readonly #problems = new Map<number, string>()
  readonly #nowMs: number
  #latest: BatchHeader | null = null
  #isFromStart = false
  #seen = 0

  /** In the order of their offsets. */
  constructor(snapshots: readonly KnownSnapshot[], nowMs: number) {
    this.#snapshots = [...snapshots]
    this.#nowMs = nowMs
  }

  take({ header }: Pick<PlacedBatch, 'header'>): void {
    if (this.#seen === 0) this.#isFromStart = header.baseOffset === 0
    this.#seen += 1
    this.#compareUpTo(header.baseOffset)
    this.#latest = header
    if (!hasProducerId(header)) return
    if (!isControl(header.attributes)) this.#written.set(header.producerId, header)
    this.#times.set(header.producerId, header.maxTimestamp)
  }

  /** What is wrong with which snapshot, by its offset. */
  end(logEndOffset: number): ReadonlyMap<number, string> {
    this.#compareUpTo(logEndOffset)
    for (const { offset } of this.#snapshots) {
      this.#problems.set(offset, `It is of offset ${offset}, and the log ends at ${logEndOffset}.`)
    }
    return this.#problems
  }

  #compareUpTo(nextOffset: number): void {
    for (
      let [snapshot] = this.#snapshots;
      snapshot !== undefined && snapshot.offset <= nextOffset;
      [snapshot] = this.#snapshots
    ) {
      this.#snapshots.shift()
      const { offset } = snapshot
      const problem = this.#objectionToLatest(snapshot) ?? this.#objectionToEntries(snapshot)
      if (problem !== null) this.#problems.set(offset, problem)
    }
  }

  #objectionToLatest({ entries }: KnownSnapshot): string | null {
    const latest = this.#latest
    if (latest === null || !hasProducerId(latest) || isControl(latest.attributes)) return null
    const mayBeExpired = latest.maxTimestamp < this.#nowMs - producerExpirationMs
    if (mayBeExpired || entries.some(({ producerId }) => producerId === latest.producerId)) return null
    return `Producer ${latest.producerId}, which wrote last before it, is not in it.`
  }

  #objectionToEntries({ entries, offset }: KnownSnapshot): string | null {
    return entries.map((entry) => this.#objectionTo(entry, offset)).find((problem) => problem !== null) ?? null
  }

  #objectionTo(
    { producerId, producerEpoch, batches, lastTimestampMs, transactionStartOffset }: ProducerEntry,
    offset: number
  ): string | null {
    const last = batches.at(-1)
    if (transactionStartOffset >= offset || (last?.lastOffset ?? -1) >= offset) {
      return `It tells of producer ${producerId} at offsets that come after it.`
    }
    if (last === undefined) return null
    const written = this.#written.get(producerId)
    if (written === undefined) {
      return this.#isFromStart && this.#seen > 0
        ? `Producer ${producerId}, which it tells of, has written nothing before it.`
        : null
    }
    const isSame =
      written.producerEpoch === producerEpoch &&
      written.baseOffset === last.firstOffset &&
      lastOffsetOf(written) === last.lastOffset &&
      lastSequenceOf(written) === last.lastSequence &&
      this.#times.get(producerId) === lastTimestampMs
    return isSame ? null : `Its last batch of producer ${producerId} is another than the one in the log.`
  }
}
