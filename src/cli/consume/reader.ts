/**
 * Reads partitions from wherever their leaders are, one fetch per leader at a time, and hands the records on as they come;
 * the next fetch of a leader waits until its last answer was taken, so a slow reader slows the fetching.
 *
 * Positions count, not records: compaction and transactions leave holes in the offsets.
 *
 * A partition that cannot be read for the moment is asked for again a little later, and keeps nobody from the others.
 */
import type { Cluster, FetchedPartition, FetchResponse } from '../cluster.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, type Outage } from '../outage.ts'
import {
  type Bounds,
  clamp,
  failureOf,
  findBoundsNow,
  groupedBy,
  type Isolation,
  type LedPartition,
  ledPartitions,
  partitionName
} from '../partitions.ts'
import { leaderMoves, storageError, unknownTopics } from '../passing-errors.ts'
import type { ConsumedRecord } from '../record.ts'
import { tellUnreadable, UnreadableError } from '../unreadable.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { pauseUnless } from '../waiting.ts'
import { recordsOfBatches } from './batch-records.ts'
import { fetchFrom } from './fetch.ts'

const idleMs = 100
/** A leader may move, a broker restart; longer than this is a failure, unless a broker that is away is waited for. */
export const patienceMs = 15_000
const againAfterMs = 200

const offsetOutOfRange = 1
const stale = new Set([...unknownTopics, ...leaderMoves, storageError])

export interface ReadPosition {
  /** Where its leader is may change. */
  partition: LedPartition
  /** Where its reading began. */
  readonly from: bigint
  next: bigint
  /** Records of it that were handed on. */
  given: number
  /** Exclusive; undefined: follow. */
  readonly end: bigint | undefined
  /** As of the last answer; what lies between is waiting. */
  highWatermark: bigint
  /** Who reads what is committed: so many offsets are there behind the start of an open transaction. */
  heldBack: bigint
  /** Undefined: it was read when it was last asked for. */
  trouble: Trouble | undefined
}

interface Trouble {
  readonly sinceMs: number
  /** While the topic is not known to the broker. */
  readonly unknownSinceMs: number | undefined
  /** Not asked for before. */
  readonly againMs: number
}

/** A partition that is not read, and is again once it can be. */
export interface PassedOver {
  readonly partition: LedPartition
  readonly reason: UnreadableError
  /** Undefined: its reading never began. */
  readonly next: bigint | undefined
}

export interface ReaderOptions {
  readonly isolation: Isolation
  readonly interrupted: AbortSignal
  onNotice(text: string): void
  /** Given, a broker that is away is waited for as long as it takes, and this tells of it. */
  readonly outage?: Outage
}

export class Reader {
  readonly #cluster: Cluster
  readonly #options: ReaderOptions
  readonly positions = new Map<string, ReadPosition>()
  /** Partitions that could not be read when their reading was to begin, and those of topics that are gone. */
  readonly passedOver = new Map<string, PassedOver>()
  /** While it is not known what may be read: nothing is asked for, and what comes is passed over, to be asked for again. */
  isPaused = false
  /** Leaders that are asked, or whose answer was not taken yet. */
  readonly #asked = new Set<number>()
  readonly #arrived: Fetched[] = []
  #wake = () => {}

  constructor(cluster: Cluster, options: ReaderOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  get interrupted(): AbortSignal {
    return this.#options.interrupted
  }

  add(partition: LedPartition, next: bigint, end: bigint | undefined): void {
    const name = partitionName(partition)
    const known = { highWatermark: end ?? next, heldBack: 0n, trouble: undefined }
    this.positions.set(name, { partition, from: next, next, given: 0, end, ...known })
    this.passedOver.delete(name)
  }

  /** It is read no longer. */
  drop(name: string): void {
    this.positions.delete(name)
    this.#options.outage?.gaveUp(name)
  }

  /** How many offsets lie between the positions and the ends, as far as known. */
  get waiting(): bigint {
    return [...this.positions.values()].reduce(
      (sum, one) => sum + max(0n, (one.end ?? one.highWatermark) - one.next),
      0n
    )
  }

  get heldBack(): bigint {
    return [...this.positions.values()].reduce((sum, one) => sum + max(0n, one.heldBack), 0n)
  }

  get finished(): boolean {
    return this.#unfinished().length === 0 && [...this.positions.values()].every((one) => one.end !== undefined)
  }

  #unfinished(): ReadPosition[] {
    return [...this.positions.values()].filter((one) => one.end === undefined || one.next < one.end)
  }

  /** Yields what each answer brought, also when that is nothing, until every end is reached or it is interrupted. */
  async *read(): AsyncGenerator<ConsumedRecord[]> {
    const { interrupted } = this.#options
    while (!interrupted.aborted && !(this.positions.size > 0 && this.finished)) {
      this.#startFetches()
      if (this.#asked.size === 0) {
        await pauseUnless(interrupted, idleMs)
        yield []
        continue
      }
      await untilInterrupted(interrupted, this.#arrival())
      const fetched = this.#arrived.shift()
      if (interrupted.aborted || !fetched) return
      this.#asked.delete(fetched.leader)
      const { records, failed } = this.#take(fetched)
      yield records
      if (failed.length > 0) await untilInterrupted(interrupted, this.#recover(failed))
    }
  }

  #startFetches(): void {
    if (this.isPaused) return
    const now = performance.now()
    const due = this.#unfinished().filter(({ trouble }) => trouble === undefined || trouble.againMs <= now)
    for (const [leader, positions] of groupedBy(due, (one) => one.partition.leader)) {
      if (this.#asked.has(leader)) continue
      this.#asked.add(leader)
      const asked = positions.map((position) => ({ position, offset: position.next }))
      void this.#fetch(leader, asked).then((fetched) => {
        this.#arrived.push(fetched)
        this.#wake()
      })
    }
  }

  /** A promise of its own each time: one that waits for a slow leader would keep the answers of the others. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#arrived.length > 0) resolve()
    })
  }

  async #fetch(leader: number, asked: readonly Asked[]): Promise<Fetched> {
    try {
      const { outage, isolation } = this.#options
      const positions = asked.map((one) => one.position)
      const request = fetchFrom(this.#cluster, leader, positions, isolation)
      const names = positions.map((one) => partitionName(one.partition))
      const answer = await (outage ? outage.watch(names, request) : request)
      return { leader, asked, answer }
    } catch (error) {
      return { leader, asked, error }
    }
  }

  #take({ asked, answer, error }: Fetched): Taken {
    if (error !== undefined) return { records: [], failed: asked.map(({ position }) => ({ position, reason: error })) }
    if (this.isPaused) return { records: [], failed: [] }
    const records: ConsumedRecord[][] = []
    const failed: Failed[] = []
    const askedByPlace = new Map(asked.map((one) => [placeOf(one.position.partition), one]))
    for (const { topicId, partitions } of answer?.responses ?? []) {
      for (const fetched of partitions) {
        const found = askedByPlace.get(placeOf({ topicId, partition: fetched.partitionIndex }))
        if (!found || !this.#isAwaited(found)) continue
        const { position } = found
        if (fetched.errorCode === 0) records.push(this.#advance(position, fetched))
        else failed.push({ position, reason: this.#problemOf(position, fetched.errorCode) })
      }
    }
    return { records: records.flat(), failed }
  }

  /** A rebalance may have taken the partition away meanwhile, or another leader may have answered before. */
  #isAwaited({ position, offset }: Asked): boolean {
    return this.#isHeld(position) && position.next === offset
  }

  #isHeld(position: ReadPosition): boolean {
    return this.positions.get(partitionName(position.partition)) === position
  }

  #advance(position: ReadPosition, fetched: FetchedPartition): ConsumedRecord[] {
    const { partition, next, end } = position
    position.trouble = undefined
    this.#options.outage?.answered(partitionName(partition))
    const { isolation } = this.#options
    const { records, nextOffset } = recordsOfBatches(partition.topic, fetched, next, isolation)
    if (nextOffset > next) this.#moveToEnd(position)
    position.next = nextOffset
    position.highWatermark = isolation === 'committed' ? fetched.lastStableOffset : fetched.highWatermark
    position.heldBack = fetched.highWatermark - position.highWatermark
    const wanted = end === undefined ? records : records.filter((record) => record.offset < end)
    position.given += wanted.length
    return wanted
  }

  /** Of the order in which they are asked for, as Java's client does: the answer is full before all partitions had their turn. */
  #moveToEnd(position: ReadPosition): void {
    const name = partitionName(position.partition)
    this.positions.delete(name)
    this.positions.set(name, position)
  }

  #problemOf({ partition: { topic, partition } }: ReadPosition, errorCode: number): UnreadableError {
    return new UnreadableError({ topic, partition, failure: failureOf(this.#cluster, errorCode) })
  }

  /** Something moved, a connection broke, or what was asked for is gone: each is asked for again, for as long as patience lasts. */
  async #recover(failed: readonly Failed[]): Promise<void> {
    for (const { position, reason } of failed) {
      if (!isOutOfRange(reason)) this.#miss(position, reason)
      else await this.#moveWithinBounds(position, reason).catch((error: unknown) => this.#miss(position, error))
    }
    await this.#findLeaders()
  }

  /**
   * To the end that lies nearer. What lies within the bounds by now is there, and is asked for again: a broker that came back may
   * have had a lower high watermark for a moment.
   */
  async #moveWithinBounds(position: ReadPosition, reason: unknown): Promise<void> {
    const name = partitionName(position.partition)
    const asked = position.next
    const bounds = await this.#boundsOf(position.partition)
    if (!this.#isHeld(position)) return
    const nearest = clamp(asked, bounds.start, bounds.end)
    if (nearest === asked) throw reason
    position.next = nearest
    this.#options.onNotice(`${name}: offset ${asked} is gone, going on at ${nearest}`)
  }

  /** Without patience: while a leader is asked, nobody reads the others. */
  async #boundsOf(partition: LedPartition): Promise<Bounds> {
    const { bounds, unreadable } = await findBoundsNow(this.#cluster, [partition], 'uncommitted', 'told at once')
    for (const one of unreadable.values()) throw new UnreadableError(one)
    return bounds.get(partitionName(partition)) ?? { start: 0n, end: 0n }
  }

  /** Throws what does not pass, or lasts too long. */
  #miss(position: ReadPosition, reason: unknown): void {
    const { outage } = this.#options
    const name = partitionName(position.partition)
    if (!this.#isHeld(position)) {
      outage?.gaveUp(name)
      return
    }
    if (!mayPass(reason)) throw reason
    const now = performance.now()
    const { trouble } = position
    const sinceMs = trouble?.sinceMs ?? now
    const isUnknown = reason instanceof UnreadableError && unknownTopics.has(reason.apiCode)
    const unknownSinceMs = isUnknown ? (trouble?.unknownSinceMs ?? now) : undefined
    position.trouble = { sinceMs, unknownSinceMs, againMs: now + againAfterMs }
    const limitedSinceMs = outage ? unknownSinceMs : sinceMs
    if (limitedSinceMs === undefined || now - limitedSinceMs <= patienceMs) {
      outage?.missed(name, reason)
    } else if (outage && reason instanceof UnreadableError) this.#passOver(position.partition.topic, reason)
    else throw reason
  }

  /** A topic that is gone keeps nobody from the others. */
  #passOver(topic: string, reason: UnreadableError): void {
    const isGone = ({ partition, trouble }: ReadPosition) =>
      partition.topic === topic && trouble?.unknownSinceMs !== undefined
    const gone = [...this.positions].filter(([, position]) => isGone(position))
    if (gone.length === this.positions.size) throw reason
    for (const [name, { partition, next }] of gone) {
      this.passedOver.set(name, { partition, reason, next })
      this.drop(name)
    }
    const failure = failureOf(this.#cluster, reason.apiCode)
    const unreadable = new Map(gone.map(([name, { partition }]) => [name, { ...partition, failure }]))
    const told = tellUnreadable(unreadable, 'reading the others')
    if (told !== undefined) this.#options.onNotice(told)
  }

  async #findLeaders(): Promise<void> {
    try {
      const names = [...this.positions.values()].map((one) => one.partition.topic)
      const { topics } = await this.#cluster.metadata([...new Set(names)], 'leave')
      const known = topics.filter((topic) => topic.errorCode === 0)
      for (const partition of ledPartitions(known)) await this.#follow(partition)
    } catch {
      // Asked again with the next fetch that fails, until patience ends.
    }
  }

  /** A leader moved; or the topic was deleted and made anew, and none of its records was read. */
  async #follow(partition: LedPartition): Promise<void> {
    const name = partitionName(partition)
    const known = this.positions.get(name)
    if (!known) return
    if (known.partition.topicId === partition.topicId) {
      known.partition = partition
      return
    }
    // What was to be read up to its end is now read up to the end of the new one.
    const end = known.end === undefined ? undefined : (await this.#boundsOf(partition)).end
    if (!this.#isHeld(known)) return
    this.#options.onNotice(`${name}: the topic was deleted and made anew; reading it from the start`)
    this.positions.set(name, {
      ...{ partition, from: 0n, next: 0n, given: 0, end },
      highWatermark: end ?? 0n,
      heldBack: 0n,
      trouble: known.trouble
    })
  }
}

/** A position, and the offset that was asked for. */
interface Asked {
  readonly position: ReadPosition
  readonly offset: bigint
}

interface Fetched {
  readonly leader: number
  readonly asked: readonly Asked[]
  readonly answer?: FetchResponse
  readonly error?: unknown
}

interface Failed {
  readonly position: ReadPosition
  readonly reason: unknown
}

interface Taken {
  readonly records: ConsumedRecord[]
  readonly failed: readonly Failed[]
}

/** Whether that is said of a partition whose leader is away for a while, and not of one that is gone or forbidden. */
export function comesBack(reason: UnreadableError): boolean {
  return stale.has(reason.apiCode) && !unknownTopics.has(reason.apiCode)
}

/** A broken connection, a moved leader, a coordinator that loads; not bytes that cannot be read. */
function mayPass(reason: unknown): boolean {
  if (reason instanceof UnreadableError) return stale.has(reason.apiCode) || isOutOfRange(reason)
  return isNetworkFailure(reason) || kafkaFailure(reason) !== undefined
}

function isOutOfRange(reason: unknown): boolean {
  return reason instanceof UnreadableError && reason.apiCode === offsetOutOfRange
}

function placeOf({ topicId, partition }: Pick<LedPartition, 'topicId' | 'partition'>): string {
  return `${topicId}:${partition}`
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
