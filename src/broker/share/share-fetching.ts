/**
 * What a ShareFetch gives out, and how it waits for it: the partitions of the session in turn, each from where it has something to give out
 * (KIP-932; Kafka: DelayedShareFetch, ShareFetchUtils.processFetchResponse).
 *
 * It waits as long as there is less to read than it asks for. Both what is read and what is acquired is done in slices, a partition at a time.
 * Where others have taken between two of them what was read it is looked again. One answer is of a hundred partitions at most, so that what is
 * read is held for no more, and the others come first in the next. A thousand who wait for one partition are woken in their order, and look
 * in slices.
 */
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { type Slicing, stepsInSlices } from '../../host/slices.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Records } from '../../protocol/primitives.ts'
import type { FetchLoan } from '../fetch-memory.ts'
import type { FetchPurgatory, FetchWatch } from '../purgatory.ts'
import type { IsolationLevel } from '../read-partition.ts'
import type { AcquiredRecords, AcquireMode, FetchedRecords } from './acquisition.ts'
import type { LedSharePartition } from './led-share-partition.ts'
import { endsShare, type ShareFailure } from './share-failure.ts'
import { batchesWithin, fetchedRecords, hasRecords, readShare, type ShareRead } from './share-reading.ts'
import type { ShareSessionPartition } from './share-sessions.ts'

export interface ShareFetchRequirements {
  readonly memberId: string
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxRecords: number
  readonly batchSize: number
  readonly mode: AcquireMode
  readonly isolation: IsolationLevel
}

/** What an answer says of a partition besides what became of acknowledgements. */
export interface SharePartitionAnswer {
  readonly failure: ShareFailure | null
  readonly records: Records
  readonly acquired: readonly AcquiredRecords[]
}

export type ShareAnswers = Map<ShareSessionPartition, SharePartitionAnswer>

/** A partition of the session, in its turn. */
export interface WantedShare {
  readonly partition: ShareSessionPartition
  readonly share: LedSharePartition | ShareFailure
}

/** Where it waits. */
export interface Waiting {
  readonly clock: Clock
  readonly fetches: FetchPurgatory
  readonly slices: Slicing
  /** Whether the member still waits: what is given to one that has gone would be held until its locks run out. */
  readonly isWanted: () => boolean
}

const noRecords = Buffer.alloc(0)
const nothing: SharePartitionAnswer = { failure: null, records: noRecords, acquired: [] }

export class ShareFetching {
  readonly #waiting: Waiting
  readonly #wanted: readonly WantedShare[]
  readonly #shares: readonly LedSharePartition[]
  readonly #request: ShareFetchRequirements
  readonly #loan: FetchLoan
  readonly #dueMs: number

  constructor(waiting: Waiting, wanted: readonly WantedShare[], request: ShareFetchRequirements, loan: FetchLoan) {
    this.#waiting = waiting
    this.#wanted = wanted
    this.#shares = wanted.flatMap(({ share }) => ('canAcquire' in share ? [share] : []))
    this.#request = request
    this.#loan = loan
    this.#dueMs = this.#nowMs + Math.min(request.maxWaitMs, limits.fetchWaitMs)
  }

  /** Resolves with what there is to say of partitions: of those that were read, and of those that failed. */
  async answers(): Promise<ShareAnswers> {
    // Who asks for nothing is answered at once, and nothing is looked at.
    if (this.#wanted.length === 0 || this.#request.maxRecords === 0 || this.#request.maxBytes === 0) return new Map()
    for (;;) {
      const watch = this.#watch()
      try {
        const answers = await this.#lookOnce(watch)
        if (answers !== null) return answers
      } finally {
        this.#close(watch)
      }
    }
  }

  /** Null: it is to be looked again. */
  async #lookOnce(watch: FetchWatch): Promise<ShareAnswers | null> {
    const { slices, isWanted, fetches } = this.#waiting
    const reads = new Reads(this.#request, this.#loan)
    const reading = stepsInSlices(slices, this.#readSteps(reads, watch))
    if (reading !== null) await reading
    const leftMs = this.#dueMs - this.#nowMs
    const isLast = leftMs <= 0 || fetches.isReleased || this.#shares.length === 0
    if (reads.isDue || isLast) {
      const given = new Given()
      const acquiring = stepsInSlices(slices, this.#acquireSteps(reads, given))
      if (acquiring !== null) await acquiring
      if (isLast || !given.isOvertaken) return given.answers
      this.#loan.giveBack()
      return null
    }
    this.#loan.giveBack()
    // Who asks for no bytes waits all the same while nothing can be given: it would look again and again.
    await watch.wait(Math.max(1, this.#request.minBytes - reads.sizeBytes), leftMs)
    const turn = slices.othersTurn()
    if (turn !== null) await turn
    return isWanted() ? null : new Map()
  }

  get #nowMs(): number {
    return this.#waiting.clock.monotonicMs()
  }

  /** A partition at each step. */
  *#readSteps(reads: Reads, watch: FetchWatch): Iterable<void> {
    const acquirable: AcquirableShare[] = []
    let mayBeRead: number = limits.partitionsAtOnce
    for (const { partition, share } of this.#wanted) {
      yield
      if ('errorCode' in share) {
        reads.fail(partition, share)
        continue
      }
      share.observe(watch)
      if (share.failure !== null) reads.fail(partition, share.failure)
      if (share.failure !== null || !share.canAcquire) continue
      // What comes to the log of one that is full is of no use.
      watch.add(share.replica)
      if (this.#isMany && (mayBeRead <= 0 || !hasRecords(share, this.#request.isolation))) continue
      mayBeRead -= 1
      acquirable.push({ partition, share })
    }
    reads.shareAmong(acquirable.length)
    for (const { partition, share } of inTurn(acquirable)) {
      // Before: who reads one partition has acquired of it when others come, and a thousand who wait for it hold no reads meanwhile.
      yield
      reads.add(partition, share)
    }
  }

  /** Of so many only those are read that have something to give, and no more than may be read at once. */
  get #isMany(): boolean {
    return this.#wanted.length > limits.partitionsAtOnce
  }

  /** The same. What was read may have been taken by others between two turns. */
  *#acquireSteps({ reads, failures }: Reads, given: Given): Iterable<void> {
    for (const [partition, failure] of failures) given.answers.set(partition, { ...nothing, failure })
    for (const [partition, read] of reads) {
      if (!this.#waiting.isWanted()) return
      const isAsRead = read.share.nextFetchOffset === read.nextFetchOffset
      given.add(partition, this.#acquire(read, this.#request.maxRecords - given.count), isAsRead)
      yield
    }
  }

  #acquire({ share, read, fetched }: ReadOfShare, maxRecords: number): SharePartitionAnswer {
    const { memberId, mode, batchSize } = this.#request
    const acquired = share.acquire({ memberId, mode, batchSize, maxRecords }, fetched)
    const [first, last] = [acquired[0], acquired.at(-1)]
    if (first === undefined || last === undefined) return nothing
    const range = { firstOffset: first.firstOffset, lastOffset: last.lastOffset }
    return { failure: null, records: batchesWithin(read.read, range), acquired }
  }

  /** It hears of what comes from where each partition is looked at: what comes while others are read counts. */
  #watch(): FetchWatch {
    const isCommitted = this.#request.isolation === 'read_committed'
    return this.#waiting.fetches.watch(isCommitted ? 'consumer of what is stable' : 'consumer')
  }

  #close(watch: FetchWatch): void {
    watch.close()
    for (const share of this.#shares) share.forget(watch)
  }
}

interface AcquirableShare {
  readonly partition: ShareSessionPartition
  readonly share: LedSharePartition
}

/** What was acquired of what was read. */
class Given {
  readonly answers: ShareAnswers = new Map()
  count = 0
  #isAsRead = true

  add(partition: ShareSessionPartition, answer: SharePartitionAnswer, isAsRead: boolean): void {
    for (const { firstOffset, lastOffset } of answer.acquired) this.count += lastOffset - firstOffset + 1
    this.answers.set(partition, answer)
    this.#isAsRead &&= isAsRead
  }

  /** Others were quicker, and nothing was left. */
  get isOvertaken(): boolean {
    return this.count === 0 && !this.#isAsRead
  }
}

/** Those of which nothing has come last time are first (in Kafka, because it knows already where to read them). */
function inTurn(wanted: readonly AcquirableShare[]): readonly AcquirableShare[] {
  const isFirst = ({ share }: AcquirableShare): boolean => share.isWaitingItsTurn
  return [...wanted.filter(isFirst), ...wanted.filter((one) => !isFirst(one))]
}

interface ReadOfShare {
  readonly share: LedSharePartition
  readonly read: ShareRead
  /** Told with the read: which of it was aborted nobody may know any more in another turn. */
  readonly fetched: FetchedRecords
  /** As it was then. */
  readonly nextFetchOffset: number | null
}

/** What was read, and nothing of it given out yet. */
class Reads {
  readonly reads = new Map<ShareSessionPartition, ReadOfShare>()
  readonly failures = new Map<ShareSessionPartition, ShareFailure>()
  sizeBytes = 0
  isDue = false
  readonly #request: ShareFetchRequirements
  readonly #loan: FetchLoan
  #maxBytesEach: number
  #remainingBytes: number

  constructor(request: ShareFetchRequirements, loan: FetchLoan) {
    this.#request = request
    this.#loan = loan
    this.#remainingBytes = Math.min(request.maxBytes, limits.fetchBytes)
    this.#maxBytesEach = this.#remainingBytes
  }

  /** So many partitions are to be read: none of them takes what is for others. */
  shareAmong(partitions: number): void {
    this.#maxBytesEach = Math.trunc(this.#remainingBytes / Math.max(1, partitions))
  }

  add(partition: ShareSessionPartition, share: LedSharePartition): void {
    const read = readShare(share, {
      maxRecords: this.#request.maxRecords,
      maxBytes: Math.min(this.#maxBytesEach, this.#remainingBytes),
      atLeastOneBatch: this.sizeBytes === 0 ? 'yes' : 'no',
      isolation: this.#request.isolation,
      memory: this.#loan
    })
    if (read === null) return
    if ('errorCode' in read) {
      this.fail(partition, read)
      this.isDue = true
      return
    }
    const fetched = this.#fetched(read, share)
    if ('errorCode' in fetched) {
      this.fail(partition, fetched)
      this.isDue = true
      return
    }
    // Where only part was read, because there is more, there is as much as may be read.
    this.sizeBytes += read.left === 'nothing' ? read.read.sizeBytes : Math.max(read.read.sizeBytes, this.#maxBytesEach)
    this.#remainingBytes = Math.max(0, this.#remainingBytes - read.read.sizeBytes)
    this.reads.set(partition, { share, read, fetched, nextFetchOffset: share.nextFetchOffset })
    if (this.sizeBytes >= this.#request.minBytes) this.isDue = true
  }

  #fetched(read: ShareRead, share: LedSharePartition): FetchedRecords | ShareFailure {
    try {
      return fetchedRecords(read, share, this.#request.isolation)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, message: null }
    }
  }

  /** Who has to look for another leader hears so at once. What else is in the way lasts, and nobody is to ask again and again for it. */
  fail(partition: ShareSessionPartition, failure: ShareFailure): void {
    this.failures.set(partition, failure)
    if (endsShare(failure)) this.isDue = true
  }
}
