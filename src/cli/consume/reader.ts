/**
 * Reads partitions from wherever their leaders are, one fetch per leader at a time, and hands the records on as they come;
 * the next fetch of a leader waits until its last answer was taken, so a slow reader slows the fetching.
 *
 * Positions count, not records: compaction and transactions leave holes in the offsets.
 */
import type { Cluster, FetchedPartition, FetchRequestTopics, FetchResponse } from '../cluster.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, type Outage } from '../outage.ts'
import {
  type Bounds,
  describeTopics,
  failureOf,
  type Isolation,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName
} from '../partitions.ts'
import type { ConsumedRecord } from '../record.ts'
import { UnreadableError } from '../unreadable.ts'
import { recordsOfBatches } from './batch-records.ts'

const maxWaitMs = 500
const maxBytes = 8 * 1024 * 1024
const partitionMaxBytes = 1024 * 1024
const idleMs = 100
/** A leader may move, a broker restart; longer than this is a failure, unless a broker that is away is waited for. */
const patienceMs = 15_000
const againAfterMs = 200

const offsetOutOfRange = 1
/** The topic or its id is not known: just after a broker's start that passes, later the topic is gone. */
const unknownTopics = new Set([3, 100])
/**
 * Beside them no leader, another leader, a replica that is not there, a log that is offline, fenced or unknown epoch, changed
 * topic id.
 */
const stale = new Set([...unknownTopics, 5, 6, 9, 56, 74, 75, 103])

export interface ReadPosition {
  readonly partition: LedPartition
  next: bigint
  /** Exclusive; undefined: follow. */
  readonly end: bigint | undefined
  /** As of the last answer; what lies between is waiting. */
  highWatermark: bigint
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
  /** Partitions that could not be read when the reading began. */
  readonly passedOver = new Set<string>()
  /** While it is not known what may be read: nothing is asked for, and what comes is passed over, to be asked for again. */
  isPaused = false
  readonly #fetches = new Map<number, Promise<Fetched>>()
  #troubledSinceMs: number | undefined
  #unknownSinceMs: number | undefined

  constructor(cluster: Cluster, options: ReaderOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  get interrupted(): AbortSignal {
    return this.#options.interrupted
  }

  add(partition: LedPartition, next: bigint, end: bigint | undefined): void {
    this.positions.set(partitionName(partition), { partition, next, end, highWatermark: end ?? next })
  }

  /** How many offsets lie between the positions and the ends, as far as known. */
  get waiting(): bigint {
    return [...this.positions.values()].reduce(
      (sum, one) => sum + max(0n, (one.end ?? one.highWatermark) - one.next),
      0n
    )
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
    const interruption = new Promise<undefined>((resolve) => {
      interrupted.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    while (!interrupted.aborted && !(this.positions.size > 0 && this.finished)) {
      this.#startFetches()
      if (this.#fetches.size === 0) {
        await Promise.race([pause(idleMs), interruption])
        yield []
        continue
      }
      const fetched = await Promise.race([...this.#fetches.values(), interruption])
      if (!fetched) return
      this.#fetches.delete(fetched.leader)
      yield await this.#take(fetched)
    }
  }

  #startFetches(): void {
    if (this.isPaused) return
    const leaders = new Set(this.#unfinished().map((one) => one.partition.leader))
    for (const leader of leaders) {
      if (this.#fetches.has(leader)) continue
      const asked = this.#unfinished().filter((one) => one.partition.leader === leader)
      const fetch = this.#fetch(leader, asked)
      this.#fetches.set(leader, fetch)
    }
  }

  async #fetch(leader: number, asked: readonly ReadPosition[]): Promise<Fetched> {
    try {
      const isolation = this.#options.isolation === 'committed' ? 1 : 0
      const topics = fetchTopics(asked)
      const request = this.#cluster.answer('Fetch', leader, maxWaitMs, 1, maxBytes, isolation, 0, 0, topics, [], '')
      const { outage } = this.#options
      const answer = await (outage ? outage.watch('records', request) : request)
      return { leader, asked, answer }
    } catch (error) {
      return { leader, asked, error }
    }
  }

  async #take(fetched: Fetched): Promise<ConsumedRecord[]> {
    if (fetched.error !== undefined) {
      await this.#refresh(fetched.error)
      return []
    }
    const records: ConsumedRecord[] = []
    if (this.isPaused) return records
    for (const topic of fetched.answer?.responses ?? []) {
      for (const partition of topic.partitions) {
        const asked = fetched.asked.find((one) => isSame(one.partition, topic.topicId, partition.partitionIndex))
        // A rebalance may have taken the partition away meanwhile.
        if (!asked || this.positions.get(partitionName(asked.partition)) !== asked) continue
        if (partition.errorCode !== 0) await this.#handleFailure(asked, partition)
        else records.push(...this.#advance(asked, partition))
      }
    }
    return records
  }

  #advance(asked: ReadPosition, fetched: FetchedPartition): ConsumedRecord[] {
    this.#troubledSinceMs = undefined
    this.#unknownSinceMs = undefined
    this.#options.outage?.answered('records')
    const { isolation } = this.#options
    const { records, nextOffset } = recordsOfBatches(asked.partition.topic, fetched, asked.next, isolation)
    const end = asked.end
    asked.next = nextOffset
    asked.highWatermark = isolation === 'committed' ? fetched.lastStableOffset : fetched.highWatermark
    return end === undefined ? records : records.filter((record) => record.offset < end)
  }

  async #handleFailure(asked: ReadPosition, fetched: FetchedPartition): Promise<void> {
    const name = partitionName(asked.partition)
    if (fetched.errorCode === offsetOutOfRange) {
      const bounds = await this.#boundsOf(asked.partition)
      if (!bounds) return
      const next = asked.next < bounds.start ? bounds.start : bounds.end
      this.#options.onNotice(`${name}: offset ${asked.next} is gone, going on at ${next}`)
      asked.next = next
      return
    }
    const { topic, partition } = asked.partition
    const failure = failureOf(this.#cluster, fetched.errorCode)
    const problem = new UnreadableError({ topic, partition, failure })
    if (!stale.has(fetched.errorCode)) throw problem
    await this.#refresh(problem)
  }

  /** None when they cannot be had now; the next fetch asks again. */
  async #boundsOf(partition: LedPartition): Promise<Bounds | undefined> {
    try {
      return (await partitionBounds(this.#cluster, [partition])).get(partitionName(partition))
    } catch (error) {
      await this.#refresh(error)
      return undefined
    }
  }

  /** Something moved or a connection broke: ask for the leaders again, for as long as patience lasts. */
  async #refresh(reason: unknown): Promise<void> {
    if (!mayPass(reason) || this.#isOverdue(reason)) throw reason
    this.#options.outage?.missed('records', reason)
    await pause(againAfterMs)
    try {
      const topics = new Set([...this.positions.values()].map((one) => one.partition.topic))
      for (const partition of ledPartitions(await describeTopics(this.#cluster, [...topics]))) this.#follow(partition)
    } catch {
      // Asked again with the next fetch, until patience ends.
    }
  }

  #isOverdue(reason: unknown): boolean {
    const now = performance.now()
    const isUnknown = reason instanceof UnreadableError && unknownTopics.has(reason.apiCode)
    if (isUnknown) this.#unknownSinceMs ??= now
    else this.#unknownSinceMs = undefined
    this.#troubledSinceMs ??= now
    const since = this.#options.outage ? this.#unknownSinceMs : this.#troubledSinceMs
    return since !== undefined && now - since > patienceMs
  }

  /** A leader moved; or the topic was deleted and made anew, and none of its records was read. */
  #follow(partition: LedPartition): void {
    const name = partitionName(partition)
    const known = this.positions.get(name)
    if (!known) return
    if (known.partition.topicId === partition.topicId) this.positions.set(name, { ...known, partition })
    else {
      this.#options.onNotice(`${name}: the topic was deleted and made anew; reading it from the start`)
      this.positions.set(name, { ...known, partition, next: 0n, highWatermark: 0n })
    }
  }
}

interface Fetched {
  readonly leader: number
  readonly asked: readonly ReadPosition[]
  readonly answer?: FetchResponse
  readonly error?: unknown
}

function fetchTopics(asked: readonly ReadPosition[]): FetchRequestTopics {
  const topicIds = [...new Set(asked.map((one) => one.partition.topicId))]
  return topicIds.map((topicId) => ({
    topicId,
    partitions: asked
      .filter((one) => one.partition.topicId === topicId)
      .map((one) => ({
        partition: one.partition.partition,
        currentLeaderEpoch: -1,
        fetchOffset: one.next,
        lastFetchedEpoch: -1,
        partitionMaxBytes
      }))
  }))
}

/** A broken connection, a moved leader, a coordinator that loads; not bytes that cannot be read. */
function mayPass(reason: unknown): boolean {
  return isNetworkFailure(reason) || kafkaFailure(reason) !== undefined
}

function isSame(partition: LedPartition, topicId: string, index: number): boolean {
  return partition.topicId === topicId && partition.partition === index
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined))
}
