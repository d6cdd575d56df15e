/**
 * Reads partitions from wherever their leaders are, one fetch per leader at a time, and hands the records on as they come;
 * the next fetch of a leader waits until its last answer was taken, so a slow reader slows the fetching.
 *
 * Positions count, not records: compaction and transactions leave holes in the offsets.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster, FetchedPartition, FetchRequestTopics, FetchResponse } from '../cluster.ts'
import { kafkaFailure, networkReason } from '../kafka-failure.ts'
import {
  describeTopics,
  failureOf,
  type Isolation,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName
} from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import type { ConsumedRecord } from '../record.ts'
import { recordsOfBatches } from './batch-records.ts'

const maxWaitMs = 500
const maxBytes = 8 * 1024 * 1024
const partitionMaxBytes = 1024 * 1024
const idleMs = 100
/** A leader may move, a broker restart; longer than this is a failure. */
const patienceMs = 15_000

const offsetOutOfRange = 1
/** Unknown topic or partition, no leader, another leader, fenced or unknown epoch, unknown or changed topic id. */
const stale = new Set([3, 5, 6, 74, 75, 100, 103])

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
}

export class Reader {
  readonly #cluster: Cluster
  readonly #options: ReaderOptions
  readonly positions = new Map<string, ReadPosition>()
  /** While it is not known what may be read: nothing is asked for, and what comes is passed over, to be asked for again. */
  isPaused = false
  readonly #fetches = new Map<number, Promise<Fetched>>()
  #troubledSinceMs: number | undefined

  constructor(cluster: Cluster, options: ReaderOptions) {
    this.#cluster = cluster
    this.#options = options
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
      const request = fetchTopics(asked)
      const answer = await this.#cluster.answer(
        'Fetch',
        leader,
        maxWaitMs,
        1,
        maxBytes,
        isolation,
        0,
        0,
        request,
        [],
        ''
      )
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
      const bounds = (await partitionBounds(this.#cluster, [asked.partition])).get(name)
      const next = asked.next < (bounds?.start ?? 0n) ? (bounds?.start ?? 0n) : (bounds?.end ?? 0n)
      this.#options.onNotice(`${name}: offset ${asked.next} is gone, going on at ${next}`)
      asked.next = next
      return
    }
    const failure = failureOf(this.#cluster, fetched.errorCode)
    const problem = new CliError({
      what: `cannot read ${name}`,
      why: explainFailure(failure),
      exitCode: exitCodeOf(failure)
    })
    if (!stale.has(fetched.errorCode)) throw problem
    await this.#refresh(problem)
  }

  /** Something moved or a connection broke: ask for the leaders again, for as long as patience lasts. */
  async #refresh(reason: unknown): Promise<void> {
    if (!mayPass(reason)) throw reason
    this.#troubledSinceMs ??= Date.now()
    if (Date.now() - this.#troubledSinceMs > patienceMs) throw reason
    await pause(200)
    try {
      const topics = new Set([...this.positions.values()].map((one) => one.partition.topic))
      const led = ledPartitions(await describeTopics(this.#cluster, [...topics]))
      for (const partition of led) {
        const known = this.positions.get(partitionName(partition))
        if (known) this.positions.set(partitionName(partition), { ...known, partition })
      }
    } catch {
      // Asked again with the next fetch, until patience ends.
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

/** A broken connection or a moved leader, not bytes that cannot be read. */
function mayPass(reason: unknown): boolean {
  return (
    reason instanceof CliError ||
    kafkaFailure(reason) !== undefined ||
    networkReason(reason) !== undefined ||
    (reason instanceof Error && 'code' in reason && reason.code === 'PLT_KFK_NETWORK')
  )
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
