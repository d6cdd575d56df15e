/**
 * The runtime that every coordinator shares: decide, append, replay, answer when durable.
 *
 * A coordinator's state is what its log says. A request is first decided, by a pure function of the state and the time,
 * into records and an answer; the records are appended, then replayed into the state; and the answer leaves when
 * everything it may rest on is as durable as promised. Starting again is replaying the log from the beginning.
 * Apache Kafka's CoordinatorRuntime works the same way; there, as here, nothing but replay changes hard state.
 */
import type { DiskError } from '../host/disk.ts'
import { InvariantError } from '../invariant.ts'
import { leavesNoDoubt } from '../log/refused-sync.ts'
import type { TransactionMarker, VerificationGuard } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** A record of state: the key and value bytes as they lie in the log. A null value takes the key away. */
export interface StateRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Where a record lies, and in whose transaction: until that is ended it does not count. Null: it counts at once. */
export interface RecordPlace {
  readonly offset: number
  readonly producerId: number | null
}

/** Applies one record to the hard state. */
export type Replay = (record: StateRecord, place: RecordPlace) => void
/** The transaction of a producer has ended: what it wrote counts now, or never will. */
export type ReplayEnd = (producerId: number, outcome: 'commit' | 'abort') => void

/** What was decided is in the log, and not known to be safe in the time that there was: nothing of it is in doubt here. */
export class NotSafeYet extends Error {
  override readonly name = 'NotSafeYet'
}

/** The log of one coordinator, as the runtime needs it. */
export interface StateLog {
  /** The offset after the last appended record. */
  readonly logEndOffset: number
  /** Appends the records as one batch, all or nothing. Throws DiskError. */
  append(records: readonly StateRecord[], nowMs: number): void
  /** Resolves when everything below the offset is as durable as the broker promises. Rejects with DiskError, or NotSafeYet. */
  durable(offset: number): Promise<void>
  /**
   * Hands on every data record of the log and every end of a transaction, oldest first. Step by step: whoever must not hold up others
   * lets them have a turn between two. Bytes that `replay` cannot read (ProtocolError) are damage of the log. Throws DiskError.
   */
  replaySteps(replay: Replay, replayEnd: ReplayEnd): Iterable<void>
}

/** Who writes within a transaction, and the proof that its coordinator knows of that where the transaction begins here (KIP-890). */
export interface TransactionalWrite {
  readonly producerId: number
  readonly producerEpoch: number
  readonly guard: VerificationGuard | null
}

/** A log that takes transactions: `__consumer_offsets`. */
export interface TransactionalStateLog extends StateLog {
  /** Appends the records as one batch of the producer's transaction, all or nothing. Throws DiskError. */
  appendWithin(transaction: TransactionalWrite, records: readonly StateRecord[], nowMs: number): ErrorCode
  /** Appends the marker that ends a transaction. Throws DiskError. */
  appendMarker(marker: TransactionMarker, nowMs: number): ErrorCode
}

/** What a request comes to: the records that change the state, and the answer to give once they are safe. */
export interface Decision<Answer> {
  readonly records: readonly StateRecord[]
  readonly answer: Answer
}

export function decide<Answer>(records: readonly StateRecord[], answer: Answer): Decision<Answer> {
  return { records, answer }
}

/** A decision that changes nothing. */
export function refuse<Answer>(answer: Answer): Decision<Answer> {
  return { records: [], answer }
}

export interface CoordinatorOptions {
  readonly log: StateLog
  /** Applies one record to the hard state. The only place that changes it. */
  readonly replay: Replay
  /** The same for the end of a transaction. Without it nobody writes to this log within transactions. */
  readonly replayEnd?: ReplayEnd
  /** Told when a sync or a replay failed: the state is no longer what the log will say. Without it the broker stops. */
  readonly onFailure?: (error: DiskError | Error) => void
}

export class Coordinator {
  readonly #log: StateLog
  readonly #replay: Replay
  readonly #replayEnd: ReplayEnd
  readonly #onFailure: ((error: Error) => void) | undefined

  /** The state is to be loaded before anything is decided on it. */
  constructor(options: CoordinatorOptions) {
    this.#log = options.log
    this.#replay = options.replay
    this.#replayEnd = options.replayEnd ?? (() => {})
    this.#onFailure = options.onFailure
  }

  /** Brings the state up to the end of the log, in one go. Throws DiskError. */
  load(): void {
    for (const _ of this.loadSteps());
  }

  /** The same, step by step. */
  loadSteps(): Iterable<void> {
    return this.#log.replaySteps(this.#replay, this.#replayEnd)
  }

  /**
   * Appends and replays at once; whoever decides next sees the new state. Throws what the log throws, with the state
   * as it was.
   */
  commit(records: readonly StateRecord[], nowMs: number): void {
    if (records.length === 0) return
    const firstOffset = this.#log.logEndOffset
    this.#log.append(records, nowMs)
    this.#replaying(() => this.#replayAll(records, firstOffset, null))
  }

  #replayAll(records: readonly StateRecord[], firstOffset: number, producerId: number | null): void {
    for (const [index, record] of records.entries()) this.#replay(record, { offset: firstOffset + index, producerId })
  }

  #replaying(replay: () => void): void {
    try {
      replay()
    } catch (error) {
      // State and log say different things now, and a restart may not be able to read the log.
      this.#fail(error)
      const stops = this.#onFailure === undefined ? 'broker' : 'nothing else'
      throw new InvariantError('a record was appended that cannot be replayed', stops, error)
    }
  }

  /**
   * The same within the transaction of a producer, or the end of one: an error for a producer or a coordinator that another has taken
   * the place of, with nothing appended. Only of a log that is written in transactions.
   */
  commitWithin(transaction: TransactionalWrite, records: readonly StateRecord[], nowMs: number): ErrorCode {
    if (records.length === 0) return ErrorCode.NONE
    const firstOffset = this.#log.logEndOffset
    const errorCode = this.#transactional().appendWithin(transaction, records, nowMs)
    if (errorCode === ErrorCode.NONE)
      this.#replaying(() => this.#replayAll(records, firstOffset, transaction.producerId))
    return errorCode
  }

  /** Appends the marker that ends a producer's transaction, and what it wrote counts, or is forgotten. */
  endTransaction(marker: TransactionMarker, nowMs: number): ErrorCode {
    const errorCode = this.#transactional().appendMarker(marker, nowMs)
    if (errorCode === ErrorCode.NONE) this.#replaying(() => this.#replayEnd(marker.producerId, marker.outcome))
    return errorCode
  }

  #transactional(): TransactionalStateLog {
    if (takesTransactions(this.#log)) return this.#log
    throw new InvariantError('a log is written within a transaction that takes none', 'nothing else')
  }

  /** Resolves when everything replayed so far is durable: an answer that rests on this state may leave. */
  async settled(): Promise<void> {
    try {
      await this.#log.durable(this.#log.logEndOffset)
    } catch (error) {
      if (error instanceof NotSafeYet) throw error
      // Where no sync could begin nothing is in doubt: the log is synced a little later.
      if (!leavesNoDoubt(error)) this.#fail(error)
      throw error
    }
  }

  /** The whole way for one request. The part up to the replay runs before this returns. */
  async run<Answer>(decision: Decision<Answer>, nowMs: number): Promise<Answer> {
    this.commit(decision.records, nowMs)
    await this.settled()
    return decision.answer
  }

  #fail(error: unknown): void {
    this.#onFailure?.(error instanceof Error ? error : new Error(String(error)))
  }
}

function takesTransactions(log: StateLog): log is TransactionalStateLog {
  return 'appendMarker' in log
}
