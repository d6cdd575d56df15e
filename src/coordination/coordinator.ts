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

/** A record of state: the key and value bytes as they lie in the log. A null value takes the key away. */
export interface StateRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** It lies in a transaction that nobody has ended: it does not count, and may yet. */
  readonly isPending?: true
}

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
   * Hands on every data record of the log, oldest first; at last those that are pending. Step by step: whoever must not hold up
   * others lets them have a turn between two. Bytes that `replay` cannot read (ProtocolError) are damage of the log. Throws DiskError.
   */
  replaySteps(replay: (record: StateRecord) => void): Iterable<void>
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
  readonly replay: (record: StateRecord) => void
  /** Told when a sync or a replay failed: the state is no longer what the log will say. Without it the broker stops. */
  readonly onFailure?: (error: DiskError | Error) => void
}

export class Coordinator {
  readonly #log: StateLog
  readonly #replay: (record: StateRecord) => void
  readonly #onFailure: ((error: Error) => void) | undefined

  /** The state is to be loaded before anything is decided on it. */
  constructor(options: CoordinatorOptions) {
    this.#log = options.log
    this.#replay = options.replay
    this.#onFailure = options.onFailure
  }

  /** Brings the state up to the end of the log, in one go. Throws DiskError. */
  load(): void {
    for (const _ of this.loadSteps());
  }

  /** The same, step by step. */
  loadSteps(): Iterable<void> {
    return this.#log.replaySteps(this.#replay)
  }

  /**
   * Appends and replays at once; whoever decides next sees the new state. Throws what the log throws, with the state
   * as it was.
   */
  commit(records: readonly StateRecord[], nowMs: number): void {
    if (records.length === 0) return
    this.#log.append(records, nowMs)
    try {
      for (const record of records) this.#replay(record)
    } catch (error) {
      // State and log say different things now, and a restart may not be able to read the log.
      this.#fail(error)
      const stops = this.#onFailure === undefined ? 'broker' : 'nothing else'
      throw new InvariantError('a record was appended that cannot be replayed', stops, error)
    }
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
