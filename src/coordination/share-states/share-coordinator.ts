/**
 * Looks after the share partitions of one partition of `__share_group_state` (Kafka: ShareCoordinatorShard, ShareCoordinatorService).
 *
 * Each request is decided by a pure function; its record is appended and replayed, and the answer leaves when that is safe. Where the log is
 * in doubt the coordinator closes, and everyone is answered NOT_COORDINATOR; where it is only not known to be safe yet,
 * COORDINATOR_NOT_AVAILABLE. Both are asked again. Now and then what the log does not need any more is deleted from its beginning.
 */
import type { Clock, Timer } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { Coordinator, type Decision, NotSafeYet, refuse, type StateLog, type StateRecord } from '../coordinator.ts'
import { mergeBatches } from './batches.ts'
import { type InitializeRequest, initialize, remove } from './initialize.ts'
import type { ShareStateAnswer } from './objection.ts'
import type { SharePersister } from './persister.ts'
import { coldShares, goneShares, neededFrom, snapshotAgain } from './prune.ts'
import { type ReadAnswer, read, type SummaryAnswer, summarize } from './read.ts'
import { shareTombstone } from './records.ts'
import { replay } from './replay.ts'
import type { ShareCoordinatorConfig } from './share-coordinator-config.ts'
import { type KnownShare, type SharePartitionKey, ShareStates } from './state.ts'
import { unread, unsummarized, withoutState } from './unanswered.ts'
import { type WriteRequest, write } from './write.ts'

export interface ShareCoordinatorOptions {
  readonly log: StateLog
  readonly clock: Clock
  readonly config: ShareCoordinatorConfig
  readonly isInCluster: (topicId: string, partition: number) => boolean
  /** Deletes the records of the log before this offset. Rejects with DiskError. */
  readonly deleteRecordsBefore: (offset: number) => Promise<void>
}

export class ShareCoordinator implements SharePersister {
  readonly #options: ShareCoordinatorOptions
  readonly #othersTurn: () => Promise<void> | null
  readonly #states = new ShareStates()
  readonly #coordinator: Coordinator
  #prune: Timer | null = null
  #isClosed = false

  /** Replays the log, and lets others have a turn where that takes long. Resolves with null when it is not wanted any more; rejects with DiskError. */
  static async load(
    options: ShareCoordinatorOptions,
    othersTurn: () => Promise<void> | null,
    isWanted: () => boolean
  ): Promise<ShareCoordinator | null> {
    const coordinator = new ShareCoordinator(options, othersTurn)
    for (const _ of coordinator.#coordinator.loadSteps()) {
      const turn = othersTurn()
      if (turn !== null) await turn
      if (!isWanted()) return null
    }
    coordinator.#pruneLater()
    return coordinator
  }

  private constructor(options: ShareCoordinatorOptions, othersTurn: () => Promise<void> | null) {
    this.#options = options
    this.#othersTurn = othersTurn
    this.#coordinator = new Coordinator({
      log: options.log,
      replay: (record, place) => replay(this.#states, record, place),
      onFailure: () => this.close()
    })
  }

  /** Nothing but NOT_COORDINATOR comes from here any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How many share partitions are looked after here. */
  get size(): number {
    return this.#states.size
  }

  initialize(request: InitializeRequest): Promise<ShareStateAnswer> {
    return this.#answer(withoutState, () => {
      if (!this.#hasRoomFor(request.key)) return refuse(withoutState(ErrorCode.POLICY_VIOLATION))
      return initialize(this.#states, request, this.#isInCluster(request.key), this.#nowMs)
    })
  }

  read(key: SharePartitionKey, leaderEpoch: number): Promise<ReadAnswer> {
    return this.#answer(unread, () => read(this.#states, key, leaderEpoch, this.#isInCluster(key)))
  }

  write(request: WriteRequest): Promise<ShareStateAnswer> {
    const { updatesPerSnapshot } = this.#options.config
    return this.#answer(withoutState, () => {
      if (this.#isTooMuch(request)) return refuse(withoutState(ErrorCode.POLICY_VIOLATION))
      const circumstances = { isInCluster: this.#isInCluster(request.key), updatesPerSnapshot, nowMs: this.#nowMs }
      return write(this.#states, request, circumstances)
    })
  }

  summarize(key: SharePartitionKey): Promise<SummaryAnswer> {
    return this.#answer(unsummarized, () => refuse(summarize(this.#states, key, this.#isInCluster(key))))
  }

  remove(key: SharePartitionKey): Promise<ShareStateAnswer> {
    return this.#answer(withoutState, () => remove(this.#states, key, this.#isInCluster(key)))
  }

  /** What was deleted meanwhile, while nobody looked, goes with the next pruning. */
  onTopicsDeleted(): void {
    unattended(
      this.#options.clock,
      this.#attempt(() => this.#removeGone())
    )
  }

  close(): void {
    this.#isClosed = true
    this.#prune?.cancel()
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs()
  }

  #isInCluster({ topicId, partition }: SharePartitionKey): boolean {
    return this.#options.isInCluster(topicId, partition)
  }

  #hasRoomFor(key: SharePartitionKey): boolean {
    if (this.#states.get(key) !== undefined) return true
    const isShort = Buffer.byteLength(key.groupId) <= limits.idBytes
    return isShort && this.#states.size < limits.shareStatesPerCoordinator
  }

  #isTooMuch({ key, startOffset, stateBatches }: WriteRequest): boolean {
    if (this.#states.batchCount + stateBatches.length <= limits.shareBatchesPerCoordinator) return false
    const known = this.#states.get(key)?.state
    if (known === undefined) return false
    const merged = mergeBatches(known.batches, stateBatches, Math.max(known.startOffset, startOffset))
    return merged.length > known.batches.length
  }

  /** Each of what is asked together is decided in its turn. */
  async #answer<Answer>(refusal: (errorCode: ErrorCode) => Answer, decideNow: () => Decision<Answer>): Promise<Answer> {
    const turn = this.#othersTurn()
    if (turn !== null) await turn
    if (this.#isClosed) return refusal(ErrorCode.NOT_COORDINATOR)
    try {
      const answer = await this.#coordinator.run(decideNow(), this.#nowMs)
      return this.#isClosed ? refusal(ErrorCode.NOT_COORDINATOR) : answer
    } catch (error) {
      if (error instanceof NotSafeYet) return refusal(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      if (error instanceof DiskError) return refusal(ErrorCode.NOT_COORDINATOR)
      throw error
    }
  }

  #pruneLater(): void {
    const { clock, config } = this.#options
    this.#prune = clock.after(config.pruneIntervalMs, () => {
      unattended(clock, this.#pruneNow())
    })
  }

  async #pruneNow(): Promise<void> {
    const { log, deleteRecordsBefore } = this.#options
    await this.#attempt(async () => {
      await this.#removeGone()
      await this.#snapshotCold()
      if (this.#isClosed) return
      const offset = neededFrom(this.#states, log.logEndOffset)
      // What stands for the records before has to be safe before they go.
      await this.#coordinator.settled()
      if (!this.#isClosed) await deleteRecordsBefore(offset)
    })
    if (!this.#isClosed) this.#pruneLater()
  }

  /** Where the disk refuses, it is tried again with the next pruning. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof NotSafeYet) && !(error instanceof DiskError)) throw error
    }
  }

  #removeGone(): Promise<void> {
    const gone = goneShares(this.#states, this.#options.isInCluster)
    return this.#writeEach(gone, ({ key }) => shareTombstone(key))
  }

  #snapshotCold(): Promise<void> {
    const { log, config } = this.#options
    const cold = coldShares(this.#states, log.logEndOffset, config.coldSnapshotIntervalMs, this.#nowMs)
    return this.#writeEach(cold, (known) => snapshotAgain(known, this.#nowMs))
  }

  /** Of those that are still known when it is their turn. */
  async #writeEach(keys: readonly SharePartitionKey[], recordOf: (known: KnownShare) => StateRecord): Promise<void> {
    for (const key of keys) {
      const known = this.#states.get(key)
      if (this.#isClosed || known === undefined) continue
      this.#coordinator.commit([recordOf(known)], this.#nowMs)
      const turn = this.#othersTurn()
      if (turn !== null) await turn
    }
  }
}
