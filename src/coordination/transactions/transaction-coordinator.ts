/**
 * Looks after the transactional ids of one partition of `__transaction_state` (Kafka: TransactionCoordinator, TransactionStateManager).
 *
 * Each request is decided by a pure function; its record is appended and replayed, and the answer leaves when that is safe. The end of a
 * transaction is final once it is safe, and only then its markers are written. Where the log is in doubt the coordinator closes, and
 * everyone is answered NOT_COORDINATOR; where it is only not known to be safe yet, COORDINATOR_NOT_AVAILABLE. Both are asked again.
 */
import type { Clock, Timer } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { Slices } from '../../host/slices.ts'
import { unattended } from '../../host/unattended.ts'
import { InvariantError } from '../../invariant.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { DescribeTransactionsResponseTransactionState } from '../../protocol/generated/api/describe-transactions-response.ts'
import type { ListTransactionsResponseTransactionState } from '../../protocol/generated/api/list-transactions-response.ts'
import { Coordinator, NotSafeYet, type StateLog, type StateRecord } from '../coordinator.ts'
import { fenced, hasTimedOut } from './abort.ts'
import { type AddRequest, addPartitions, verifyPartitions } from './add-partitions.ts'
import { Completions, type Ending, type WriteMarkers } from './completions.ts'
import {
  type Answered,
  type Changed,
  type NeedsProducerId,
  type Producer,
  refused,
  type TransactionDecision
} from './decision.ts'
import { described, listSteps, type TransactionFilter, undescribed } from './describe.ts'
import { completed, type EndRequest, endTransaction } from './end-transaction.ts'
import { hasExpired } from './expire.ts'
import { type InitRequest, initProducerId } from './init-producer-id.ts'
import { transactionRecord, transactionTombstone } from './records.ts'
import { replay } from './replay.ts'
import { endingAs, noProducerEpoch, type Transaction, TransactionsState } from './state.ts'
import type { TransactionConfig } from './transaction-config.ts'

export type { Answered, Producer } from './decision.ts'

export interface TransactionCoordinatorOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly config: TransactionConfig
  /** The epoch of the partition's leader: a marker of an earlier one ends nothing any more. */
  readonly coordinatorEpoch: number
  /** An id that nobody has had; null while none can be had. */
  readonly newProducerId: () => Promise<number | null>
  readonly writeMarkers: WriteMarkers
  /** A mistake of ours. */
  readonly onMistake: (error: unknown) => void
}

export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions
  readonly #state = new TransactionsState()
  readonly #coordinator: Coordinator
  readonly #completions: Completions
  /** Soft: where it was forgotten, a producer that missed its answer is fenced (Kafka: lastProducerEpoch). */
  readonly #lastProducerEpochs = new Map<string, number>()
  readonly #timers = new Map<() => void, Timer>()
  #isClosed = false

  /** Replays the log, and lets others have a turn where that takes long. Resolves with null when it is not wanted any more; rejects with DiskError. */
  static async load(
    options: TransactionCoordinatorOptions,
    othersTurn: () => Promise<void> | null,
    isWanted: () => boolean
  ): Promise<TransactionCoordinator | null> {
    const coordinator = new TransactionCoordinator(options)
    for (const _ of coordinator.#coordinator.loadSteps()) {
      const turn = othersTurn()
      if (turn !== null) await turn
      if (!isWanted()) return null
    }
    coordinator.#begin()
    return coordinator
  }

  private constructor(options: TransactionCoordinatorOptions) {
    this.#options = options
    this.#coordinator = new Coordinator({
      log: options.log,
      replay: (record) => replay(this.#state, record),
      onFailure: () => this.close()
    })
    this.#completions = new Completions({
      clock: options.clock,
      write: options.writeMarkers,
      ending: (transactionalId) => this.#endingOf(transactionalId),
      safe: () => this.isSettled(),
      complete: (transactionalId) => this.#complete(transactionalId),
      onMistake: options.onMistake
    })
  }

  #begin(): void {
    const { config } = this.#options
    for (const [transactionalId, transaction] of this.#state.byId) {
      if (endingAs(transaction) !== null) this.#completions.begin(transactionalId)
    }
    this.#every(config.abortTimedOutIntervalMs, () => this.#abortTimedOut())
    this.#every(config.removeExpiredIntervalMs, () => this.#removeExpired())
  }

  /** Nothing but NOT_COORDINATOR comes from here any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  initProducerId(transactionalId: string, request: InitRequest): Promise<Answered> {
    const lastProducerEpoch = (): number => this.#lastProducerEpochs.get(transactionalId) ?? noProducerEpoch
    return this.#answerWithProducerId(transactionalId, (known, nowMs, newProducerId) => {
      if (known === undefined && !this.#hasRoomFor(transactionalId)) return refused(ErrorCode.POLICY_VIOLATION)
      return initProducerId(known, request, { nowMs, newProducerId, lastProducerEpoch: lastProducerEpoch() })
    })
  }

  /** Whoever comes while the transaction before has only its markers to be written waits for a moment: clients would wait longer. */
  async addPartitions(transactionalId: string, request: AddRequest): Promise<Answered> {
    const decideNow = () => {
      const known = this.#state.byId.get(transactionalId)
      return addPartitions(known, request, this.#options.clock.nowMs())
    }
    const first = whole(await this.#answer(transactionalId, decideNow))
    if (first.errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS) return first
    await this.#completions.ended(transactionalId, limits.transactionEndWaitMs)
    return whole(await this.#answer(transactionalId, decideNow))
  }

  async verifyPartitions(transactionalId: string, producer: Producer): Promise<ReturnType<typeof verifyPartitions>> {
    if (this.#isClosed) return refused(ErrorCode.NOT_COORDINATOR)
    const verified = verifyPartitions(this.#state.byId.get(transactionalId), producer)
    const errorCode = await this.#settledAs()
    return errorCode === ErrorCode.NONE ? verified : refused(errorCode)
  }

  endTransaction(transactionalId: string, request: EndRequest): Promise<Answered> {
    return this.#answerWithProducerId(transactionalId, (known, nowMs, newProducerId) =>
      endTransaction(known, request, { nowMs, newProducerId })
    )
  }

  async describe(transactionalId: string): Promise<DescribeTransactionsResponseTransactionState> {
    if (this.#isClosed) return undescribed(transactionalId, ErrorCode.NOT_COORDINATOR)
    const answer = described(transactionalId, this.#state.byId.get(transactionalId))
    const errorCode = await this.#settledAs()
    return errorCode === ErrorCode.NONE ? answer : undescribed(transactionalId, errorCode)
  }

  /** How many transactional ids are looked after here. */
  get size(): number {
    return this.#state.byId.size
  }

  /** Step by step; what was found may be told once `isSettled` says so. */
  listSteps(filter: TransactionFilter): Generator<void, ListTransactionsResponseTransactionState[]> {
    return listSteps(this.#state, filter, this.#options.clock.nowMs())
  }

  /** Whether all that is known here is safe, and this coordinator still looks after it. */
  async isSettled(): Promise<boolean> {
    return (await this.#settledAs()) === ErrorCode.NONE
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#completions.close()
  }

  #hasRoomFor(transactionalId: string): boolean {
    const isShort = Buffer.byteLength(transactionalId) <= limits.idBytes
    return isShort && this.#state.byId.size < limits.transactionalIdsPerCoordinator
  }

  /** The decision is made again when it has turned out to take a new producer id, on the state as it is then. */
  async #answerWithProducerId(
    transactionalId: string,
    decideWith: (known: Transaction | undefined, nowMs: number, newProducerId: number | null) => TransactionDecision
  ): Promise<Answered> {
    const { clock, newProducerId } = this.#options
    let given: number | null = null
    const decideNow = (): TransactionDecision => decideWith(this.#state.byId.get(transactionalId), clock.nowMs(), given)
    const first = await this.#answer(transactionalId, decideNow)
    if (first.kind === 'answered') return first
    given = await newProducerId()
    if (given === null) return refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    const second = await this.#answer(transactionalId, decideNow)
    return whole(second)
  }

  async #answer(transactionalId: string, decideNow: () => TransactionDecision): Promise<Answered | NeedsProducerId> {
    if (this.#isClosed) return refused(ErrorCode.NOT_COORDINATOR)
    try {
      const decision = decideNow()
      if (decision.kind === 'needs producer id') return decision
      if (decision.kind === 'changed') this.#take(transactionalId, decision)
      const errorCode = await this.#settledAs()
      if (errorCode !== ErrorCode.NONE) return refused(errorCode)
      return decision.kind === 'changed' ? decision.answer : decision
    } catch (error) {
      if (error instanceof DiskError) return refused(ErrorCode.NOT_COORDINATOR)
      throw error
    }
  }

  /** A decision becomes fact. Throws DiskError, with everything as it was. */
  #take(transactionalId: string, { transaction, lastProducerEpoch }: Omit<Changed, 'kind' | 'answer'>): void {
    this.#append([transactionRecord(transactionalId, transaction)])
    if (lastProducerEpoch !== null) this.#lastProducerEpochs.set(transactionalId, lastProducerEpoch)
    if (endingAs(transaction) !== null) this.#completions.begin(transactionalId)
  }

  #append(records: readonly StateRecord[]): void {
    this.#coordinator.commit(records, this.#options.clock.nowMs())
  }

  async #settledAs(): Promise<ErrorCode> {
    try {
      await this.#coordinator.settled()
      return this.#isClosed ? ErrorCode.NOT_COORDINATOR : ErrorCode.NONE
    } catch (error) {
      if (error instanceof NotSafeYet) return ErrorCode.COORDINATOR_NOT_AVAILABLE
      if (error instanceof DiskError) return ErrorCode.NOT_COORDINATOR
      throw error
    }
  }

  #endingOf(transactionalId: string): Ending | null {
    const transaction = this.#state.byId.get(transactionalId)
    const outcome = transaction === undefined ? null : endingAs(transaction)
    if (transaction === undefined || outcome === null) return null
    const { producerId, producerEpoch, partitions, clientVersion: transactionVersion } = transaction
    const { coordinatorEpoch } = this.#options
    return { marker: { producerId, producerEpoch, coordinatorEpoch, outcome, transactionVersion }, partitions }
  }

  #complete(transactionalId: string): boolean {
    const transaction = this.#state.byId.get(transactionalId)
    if (transaction === undefined) return true
    return this.#isTaken(() => {
      this.#append([transactionRecord(transactionalId, completed(transaction, this.#options.clock.nowMs()))])
    })
  }

  async #abortTimedOut(): Promise<void> {
    const { clock } = this.#options
    const slices = new Slices(clock)
    for (const [transactionalId, transaction] of this.#state.byId) {
      const nowMs = clock.nowMs()
      if (!hasTimedOut(transaction, nowMs)) continue
      // Where the disk refuses, it is looked at again with the next.
      if (!this.#isTaken(() => this.#take(transactionalId, fenced(transaction, nowMs)))) return
      await slices.othersTurn()
      if (this.#isClosed) return
    }
  }

  async #removeExpired(): Promise<void> {
    const { config, clock } = this.#options
    const slices = new Slices(clock)
    let tombstones: StateRecord[] = []
    const areTaken = () => {
      const some = tombstones
      tombstones = []
      return some.length === 0 || this.#isTaken(() => this.#append(some))
    }
    for (const [transactionalId, transaction] of this.#state.byId) {
      if (!hasExpired(transaction, config.transactionalIdExpirationMs, clock.nowMs())) continue
      tombstones.push(transactionTombstone(transactionalId))
      if (tombstones.length < limits.expiredTransactionsAtOnce) continue
      // Before others have their turn, who may use one of them again.
      if (!areTaken()) return
      await slices.othersTurn()
      if (this.#isClosed) return
    }
    if (!areTaken()) return
    for (const transactionalId of this.#lastProducerEpochs.keys()) {
      if (!this.#state.byId.has(transactionalId)) this.#lastProducerEpochs.delete(transactionalId)
    }
  }

  #isTaken(append: () => void): boolean {
    try {
      append()
      return true
    } catch (error) {
      if (error instanceof DiskError) return false
      throw error
    }
  }

  /** Again so long after it was done. */
  #every(intervalMs: number, task: () => Promise<void>): void {
    const { clock } = this.#options
    const run = async (): Promise<void> => {
      await task()
      if (!this.#isClosed) wind()
    }
    const wind = (): void => {
      this.#timers.set(
        wind,
        clock.after(intervalMs, () => unattended(clock, run()))
      )
    }
    wind()
  }
}

/** It was given all that it takes. */
function whole(decision: Answered | NeedsProducerId): Answered {
  if (decision.kind === 'answered') return decision
  throw new InvariantError('a decision asks for a second producer id', 'nothing else')
}
