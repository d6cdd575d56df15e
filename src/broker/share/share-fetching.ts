/**
 * What a ShareFetch gives out, and how it waits for it: the partitions of the session in turn, each from where it has something to give out
 * (KIP-932; Kafka: DelayedShareFetch, ShareFetchUtils.processFetchResponse).
 *
 * It waits as long as there is less to read than it asks for. What is read and what is acquired is done in one turn of the loop, so that
 * nobody comes between; so one answer is of a hundred partitions at most, and the others come first in the next. A thousand who wait for one
 * partition are woken in their order, and look in slices.
 */
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import type { Slicing } from '../../host/slices.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Records } from '../../protocol/primitives.ts'
import type { FetchLoan } from '../fetch-memory.ts'
import type { FetchPurgatory, FetchWatch } from '../purgatory.ts'
import type { IsolationLevel } from '../read-partition.ts'
import type { AcquiredRecords, AcquireMode } from './acquisition.ts'
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
  readonly #request: ShareFetchRequirements
  readonly #loan: FetchLoan
  readonly #dueMs: number

  constructor(waiting: Waiting, wanted: readonly WantedShare[], request: ShareFetchRequirements, loan: FetchLoan) {
    this.#waiting = waiting
    this.#wanted = wanted
    this.#request = request
    this.#loan = loan
    this.#dueMs = this.#nowMs + Math.min(request.maxWaitMs, limits.fetchWaitMs)
  }

  /** Resolves with what there is to say of partitions: of those that were read, and of those that failed. */
  async answers(): Promise<ShareAnswers> {
    // Who asks for nothing is answered at once, and nothing is looked at.
    if (this.#wanted.length === 0 || this.#request.maxRecords === 0 || this.#request.maxBytes === 0) return new Map()
    for (;;) {
      const reads = this.#read()
      const leftMs = this.#dueMs - this.#nowMs
      if (reads.isDue || leftMs <= 0) return this.#acquired(reads)
      this.#loan.giveBack()
      const watch = this.#watch()
      if (watch === null) return this.#acquired(this.#read())
      await watch.wait(this.#request.minBytes - reads.sizeBytes, leftMs)
      const turn = this.#waiting.slices.othersTurn()
      if (turn !== null) await turn
      this.#close(watch)
      if (!this.#waiting.isWanted()) return new Map()
      if (this.#waiting.fetches.isReleased) return this.#acquired(this.#read())
    }
  }

  get #nowMs(): number {
    return this.#waiting.clock.monotonicMs()
  }

  #read(): Reads {
    const wanted = this.#wanted.length > limits.partitionsAtOnce ? this.#firstWithRecords() : inTurn(this.#wanted)
    const acquirable = wanted.filter(({ share }) => 'canAcquire' in share && share.canAcquire)
    const maxBytesEach = Math.trunc(
      Math.min(this.#request.maxBytes, limits.fetchBytes) / Math.max(1, acquirable.length)
    )
    const reads = new Reads(this.#request, maxBytesEach, this.#loan)
    for (const one of wanted) reads.add(one)
    return reads.ended()
  }

  /** Of many partitions, as many as may be read at once of those that have something to give, and all that have failed. */
  #firstWithRecords(): readonly WantedShare[] {
    let left: number = limits.partitionsAtOnce
    return inTurn(this.#wanted).filter(({ share }) => {
      if ('errorCode' in share || share.failure !== null) return true
      if (left <= 0 || !share.canAcquire || !hasRecords(share, this.#request.isolation)) return false
      left -= 1
      return true
    })
  }

  #acquired({ reads, failures }: Reads): ShareAnswers {
    const answers: ShareAnswers = new Map()
    for (const [partition, failure] of failures) answers.set(partition, { ...nothing, failure })
    let count = 0
    for (const [partition, { share, read }] of reads) {
      const answer = this.#acquire(share, read, this.#request.maxRecords - count)
      for (const { firstOffset, lastOffset } of answer.acquired) count += lastOffset - firstOffset + 1
      answers.set(partition, answer)
    }
    return answers
  }

  #acquire(share: LedSharePartition, read: ShareRead, maxRecords: number): SharePartitionAnswer {
    const { memberId, mode, batchSize, isolation } = this.#request
    try {
      const fetched = fetchedRecords(read, share, isolation)
      const acquired = share.acquire({ memberId, mode, batchSize, maxRecords }, fetched)
      const [first, last] = [acquired[0], acquired.at(-1)]
      if (first === undefined || last === undefined) return nothing
      const range = { firstOffset: first.firstOffset, lastOffset: last.lastOffset }
      return { failure: null, records: batchesWithin(read.read, range), acquired }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return { ...nothing, failure: { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, message: null } }
    }
  }

  /** Null when there is nothing that anything could come of. */
  #watch(): FetchWatch | null {
    const shares = this.#shares
    if (shares.length === 0) return null
    const isCommitted = this.#request.isolation === 'read_committed'
    const watch = this.#waiting.fetches.watch(isCommitted ? 'consumer of what is stable' : 'consumer')
    for (const share of shares) {
      share.observe(watch)
      // What comes to the log of one that is full is of no use.
      if (share.canAcquire) watch.add(share.replica)
    }
    return watch
  }

  #close(watch: FetchWatch): void {
    watch.close()
    for (const share of this.#shares) share.forget(watch)
  }

  get #shares(): readonly LedSharePartition[] {
    return this.#wanted.flatMap(({ share }) => ('canAcquire' in share ? [share] : []))
  }
}

/** Those of which nothing has come last time are first (in Kafka, because it knows already where to read them). */
function inTurn(wanted: readonly WantedShare[]): readonly WantedShare[] {
  const isFirst = ({ share }: WantedShare): boolean => 'isWaitingItsTurn' in share && share.isWaitingItsTurn
  return [...wanted.filter(isFirst), ...wanted.filter((one) => !isFirst(one))]
}

/** What was read, and nothing of it given out yet. */
class Reads {
  readonly reads = new Map<ShareSessionPartition, { readonly share: LedSharePartition; readonly read: ShareRead }>()
  readonly failures = new Map<ShareSessionPartition, ShareFailure>()
  sizeBytes = 0
  isDue = false
  readonly #request: ShareFetchRequirements
  readonly #maxBytesEach: number
  readonly #loan: FetchLoan
  #remainingBytes: number

  constructor(request: ShareFetchRequirements, maxBytesEach: number, loan: FetchLoan) {
    this.#request = request
    this.#maxBytesEach = maxBytesEach
    this.#loan = loan
    this.#remainingBytes = Math.min(request.maxBytes, limits.fetchBytes)
  }

  add({ partition, share }: WantedShare): void {
    const failure = 'errorCode' in share ? share : share.failure
    if (failure !== null) this.#fail(partition, failure)
    else if ('canAcquire' in share && share.canAcquire) this.#readOf(partition, share)
  }

  #readOf(partition: ShareSessionPartition, share: LedSharePartition): void {
    const read = readShare(share, {
      maxBytes: Math.min(this.#maxBytesEach, this.#remainingBytes),
      atLeastOneBatch: this.sizeBytes === 0 ? 'yes' : 'no',
      isolation: this.#request.isolation,
      memory: this.#loan
    })
    if (read === null) return
    if ('errorCode' in read) {
      this.#fail(partition, read)
      this.isDue = true
      return
    }
    // Where only part was read, because there is more, there is as much as may be read.
    this.sizeBytes += read.left === 'nothing' ? read.read.sizeBytes : Math.max(read.read.sizeBytes, this.#maxBytesEach)
    this.#remainingBytes = Math.max(0, this.#remainingBytes - read.read.sizeBytes)
    this.reads.set(partition, { share, read })
  }

  /** Who has to look for another leader hears so at once. What else is in the way lasts, and nobody is to ask again and again for it. */
  #fail(partition: ShareSessionPartition, failure: ShareFailure): void {
    this.failures.set(partition, failure)
    if (endsShare(failure)) this.isDue = true
  }

  ended(): Reads {
    if (this.reads.size > 0 && this.sizeBytes >= this.#request.minBytes) this.isDue = true
    return this
  }
}
