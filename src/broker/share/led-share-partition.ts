/**
 * A share partition on the leader of its partition, with what it takes to live there: it is opened by reading what the share coordinator
 * has of it, its changes are written there, and who waits for records hears when there may be some (KIP-932; Kafka: SharePartition,
 * SharePartitionManager).
 *
 * It knows what was written under one leader epoch. Whoever writes under an older one is fenced, and it ends; the next fetch opens another.
 * Several changes may be on their way at once: of each offset the share coordinator keeps what is furthest, in whatever order they come.
 */
import type { SharePartitionSettings } from '../../coordination/config/share-config.ts'
import type { ShareStateAnswer } from '../../coordination/share-states/objection.ts'
import type { SharePersister } from '../../coordination/share-states/persister.ts'
import { type SharePartitionKey, unknownStartOffset } from '../../coordination/share-states/state.ts'
import type { WriteRequest } from '../../coordination/share-states/write.ts'
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import type { Slicing } from '../../host/slices.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Replica, ReplicaObserver } from '../replication/replica.ts'
import type { Acknowledgement } from './acknowledgements.ts'
import type { AcquiredRecords, AcquireRequest, FetchedRecords } from './acquisition.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'
import { type DeadLetters, givenUp } from './dead-letters.ts'
import { resetOffset } from './offset-reset.ts'
import { endsShare, failureOf, notHere, type ShareFailure } from './share-failure.ts'
import { type Change, SharePartition, type ShareWrite } from './share-partition.ts'

export interface LedShareOptions {
  readonly key: SharePartitionKey
  readonly replica: Replica
  readonly clock: Clock
  readonly persister: SharePersister
  readonly deadLetters: Pick<DeadLetterQueue, 'send'>
  readonly slices: Slicing
  readonly settings: () => SharePartitionSettings
  /** It is no more. */
  readonly onEnded: (share: LedSharePartition) => void
  /** It was read, or something was written, or was given up to be: nobody may need it any more. */
  readonly onSettled: (share: LedSharePartition) => void
  /** A lock runs out at this moment, and perhaps none did before. */
  readonly onLocked: (untilMs: number) => void
}

export class LedSharePartition {
  readonly key: SharePartitionKey
  readonly replica: Replica
  readonly leaderEpoch: number
  readonly #options: LedShareOptions
  readonly #observers = new Set<ReplicaObserver>()
  #share: SharePartition | null = null
  #stateEpoch = 0
  #failure: ShareFailure | null = null
  #hasEnded = false
  #writes = 0
  #lookedAtOffset: number | null = null
  #burying: Promise<void> = Promise.resolve()
  #burials = 0
  #burialWrites = 0

  constructor(options: LedShareOptions) {
    this.#options = options
    this.key = options.key
    this.replica = options.replica
    this.leaderEpoch = options.replica.leaderEpoch
  }

  /** Why it could not be opened, or has ended; null as long as it may give out records. */
  get failure(): ShareFailure | null {
    return this.#failure
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Nobody holds anything, and nothing is being written: another would read the same. */
  get isAtRest(): boolean {
    const isIdle = this.#writes === 0 && this.#burials === 0
    return this.#share !== null && isIdle && !this.#share.isHeld
  }

  /** Nobody holds anything, and nothing is being written but what comes of dead letters. */
  get isOnlyBurying(): boolean {
    const isBurying = this.#burials > 0 && this.#writes === this.#burialWrites
    return this.#share !== null && isBurying && !this.#share.isHeld
  }

  get nextTimeoutMs(): number {
    return this.#share?.nextTimeoutMs ?? Number.POSITIVE_INFINITY
  }

  /** Whether it has anything to give out, if the log has it. */
  get canAcquire(): boolean {
    return this.#share?.canAcquire ?? false
  }

  get settings(): SharePartitionSettings {
    return this.#options.settings()
  }

  /** Reads what was written. Whoever waits hears when that is over, however it ends. */
  async open(): Promise<void> {
    const { persister } = this.#options
    const answer = await persister.read(this.key, this.leaderEpoch)
    if (this.#hasEnded) return
    if (answer.errorCode !== ErrorCode.NONE) {
      const failure = failureOf('read', answer)
      // A share coordinator that is on its way is asked again by the next fetch, and nobody is told (Kafka: LeaderNotAvailableException).
      this.end(failure.errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE ? null : { ...failure, message: null })
      return
    }
    const startOffset = answer.startOffset === unknownStartOffset ? this.#firstOffset() : answer.startOffset
    if (startOffset === null) return
    this.#stateEpoch = answer.stateEpoch
    this.#share = new SharePartition({ startOffset, stateBatches: answer.stateBatches }, this.#options.settings)
    this.#buryLater(givenUp(answer.stateBatches, []))
    this.wake()
    // Whoever it was opened for may have gone meanwhile.
    this.#options.onSettled(this)
  }

  /** Null: there is none, and it has ended. */
  #firstOffset(): number | null {
    const { settings, clock } = this.#options
    try {
      const offset = resetOffset(settings().autoOffsetReset, this.replica, clock.nowMs())
      if (offset === null) this.end({ errorCode: ErrorCode.OFFSET_NOT_AVAILABLE, message: null })
      return offset
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.end({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, message: null })
      return null
    }
  }

  /** Where the log is to be read for what can be given out; null as long as that is not known. */
  get nextFetchOffset(): number | null {
    return this.#share?.nextFetchOffset ?? null
  }

  /** So many records that can be given out end before this offset, if the log has them. */
  wantedUpTo(records: number): number {
    return (this.#share?.endOffset ?? 0) + 1 + records
  }

  /** Whether nothing has come of it since it was looked at: then it is its turn before others. */
  get isWaitingItsTurn(): boolean {
    return this.#lookedAtOffset !== null && this.#lookedAtOffset === this.nextFetchOffset
  }

  /** The log was read from this offset on. */
  lookedAt(fetchOffset: number): void {
    this.#lookedAtOffset = fetchOffset
  }

  /** The log begins later now. */
  logStartMoved(): void {
    this.#share?.logStartMoved(this.replica.log.logStartOffset)
  }

  acquire(request: AcquireRequest, fetched: FetchedRecords): readonly AcquiredRecords[] {
    if (this.#share === null || this.#hasEnded) return []
    const acquired = this.#share.acquire(request, fetched, this.#nowMs)
    this.#tellLocked()
    return acquired
  }

  /** Resolves with null when what was said holds, and is written; or why nothing of it does. */
  async acknowledge(memberId: string, said: readonly Acknowledgement[]): Promise<ShareFailure | null> {
    if (this.#share === null || this.#hasEnded) return notHere
    const result = this.#share.acknowledge(memberId, said, this.#nowMs)
    this.#tellLocked()
    if (result.kind === 'refused') return result
    return result.kind === 'done' ? null : this.#write(this.#share, result.change, said)
  }

  /** Gives back what the member holds. Resolves when that is written, or cannot be: then its locks run out. */
  async release(memberId: string): Promise<void> {
    const share = this.#hasEnded ? null : this.#share
    const change = share?.release(memberId) ?? null
    if (share !== null && change !== null) await this.#write(share, change)
  }

  /** Gives back what was held for too long. */
  async timeOut(): Promise<void> {
    const share = this.#hasEnded ? null : this.#share
    const write = share?.timeOut(this.#nowMs) ?? null
    if (share === null || write === null) return
    this.wake()
    const isWritten = (await this.#persist(write)) === null
    this.#buryLater(givenUp(write.stateBatches, []), isWritten ? null : write)
    share.writeEnded()
    this.wake()
    this.#options.onSettled(this)
  }

  /** It gives out nothing any more; null: without a word about it. */
  end(failure: ShareFailure | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#failure = failure
    this.#options.onEnded(this)
    this.wake()
  }

  /** Whoever observes hears when there may be something to give out, or there will never be. */
  observe(observer: ReplicaObserver): void {
    this.#observers.add(observer)
  }

  forget(observer: ReplicaObserver): void {
    this.#observers.delete(observer)
  }

  /** Those who wait look again. */
  wake(): void {
    for (const observer of [...this.#observers]) observer.advanced(Number.POSITIVE_INFINITY)
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #tellLocked(): void {
    this.#options.onLocked(this.nextTimeoutMs)
  }

  async #write(
    share: SharePartition,
    change: Change,
    said: readonly Acknowledgement[] = []
  ): Promise<ShareFailure | null> {
    const failure = await this.#persist(change.write)
    if (failure === null) share.written(change)
    else share.refused(change)
    if (failure === null) this.#buryLater(givenUp(change.write.stateBatches, said))
    this.#tellLocked()
    this.wake()
    this.#options.onSettled(this)
    return failure
  }

  /** One after another, so that dead letters come in their order. What could not be written of them is written first. */
  #buryLater(letters: readonly DeadLetters[], unwritten: ShareWrite | null = null): void {
    if (letters.length === 0) return
    this.#burials += 1
    this.#burying = this.#burying
      .then(() => (unwritten === null ? undefined : this.#untilWritten(() => this.#persist(unwritten))))
      .then(() => this.#bury(letters))
      .finally(() => {
        this.#burials -= 1
        this.#options.onSettled(this)
      })
    unattended(this.#options.clock, this.#burying)
  }

  async #bury(letters: readonly DeadLetters[]): Promise<void> {
    const share = this.#share
    if (share === null || this.#hasEnded) return
    const { deadLetters, settings, key } = this.#options
    await deadLetters.send(letters, { groupId: key.groupId, replica: this.replica, settings: settings() })
    await this.#untilWritten(async () => {
      const change = share.archive(letters)
      return change === null ? null : this.#write(share, change)
    })
  }

  /** Again and again: what is given up goes to nobody, and would be in the way of all that comes after it. */
  async #untilWritten(write: () => Promise<ShareFailure | null>): Promise<void> {
    const { clock } = this.#options
    while (!this.#hasEnded && (await this.#ofBurial(write)) !== null)
      await new Promise<void>((resolve) => clock.after(limits.deadLetterPauseMs, resolve))
  }

  async #ofBurial(write: () => Promise<ShareFailure | null>): Promise<ShareFailure | null> {
    this.#burialWrites += 1
    return write().finally(() => {
      this.#burialWrites -= 1
    })
  }

  async #persist(write: ShareWrite): Promise<ShareFailure | null> {
    const { key, leaderEpoch } = this
    this.#writes += 1
    const request = { key, leaderEpoch, stateEpoch: this.#stateEpoch, ...write }
    const answer = await this.#written(request).finally(() => {
      this.#writes -= 1
    })
    if (answer.errorCode === ErrorCode.NONE) return null
    const failure = failureOf('write', answer)
    // Share coordinators know nothing of it: its group was deleted.
    const isForgotten = answer.errorCode === ErrorCode.INVALID_REQUEST
    if (isForgotten || endsShare(failure)) this.end({ ...failure, message: null })
    return failure
  }
  /** What many writes come to that end together is done in slices. */
  async #written(request: WriteRequest): Promise<ShareStateAnswer> {
    const { persister, slices } = this.#options
    const answer = await persister.write(request)
    const turn = slices.othersTurn()
    if (turn !== null) await turn
    return answer
  }
}
