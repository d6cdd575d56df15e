/**
 * Fills the replicas that follow one leader's broker: asks it for what comes next, appends what it gives, cuts off what it does not
 * have, and asks for more when that is as safe as promised (Kafka: ReplicaFetcherThread; KIP-595 for truncation by fetching).
 *
 * One request carries all partitions that are not being asked for already. While it waits at the leader's, others may carry those that
 * came meanwhile: a failover need not wait for the first to come back, nor a partition for another whose records take long to become safe.
 */
import type { Clock, Timer } from '../../host/clock.ts'
import { DiskError, mayPass } from '../../host/disk.ts'
import { unattended } from '../../host/unattended.ts'
import { mistakeIn } from '../../invariant.ts'
import { limits } from '../../limits.ts'
import { type PartitionLog, TruncatedError, UnfitBatchError } from '../../log/partition-log.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { FetchRequest } from '../../protocol/generated/api/fetch-request.ts'
import type { FetchResponse } from '../../protocol/generated/api/fetch-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import type { Records } from '../../protocol/primitives.ts'
import { ZERO_UUID } from '../../protocol/primitives.ts'
import { readBatchHeader } from '../../protocol/records/batch.ts'
import { type Leader, PeerUnreachable } from '../peer.ts'
import type { Replica } from './replica.ts'
import type { ReplicationThrottle } from './replication-throttle.ts'

export interface FetcherOptions {
  readonly peer: Leader
  readonly nodeId: number
  readonly brokerEpoch: () => number
  readonly clock: Clock
  readonly throttle: ReplicationThrottle
  /** The replica cannot be kept: its disk refuses for good. */
  readonly onFailure: (replica: Replica, error: DiskError) => void
  /** The leader's log is compacted, and so the replica's will be. Resolves when the next start knows it. Rejects with DiskError. */
  readonly noteGaps: (replica: Replica) => Promise<void>
  /** What the leader gave does not continue the replica, or is damaged: it is asked for again. */
  readonly onUnfit: (replica: Replica, error: UnfitBatchError) => void
  /** A mistake of ours, and none of the disk's or the leader's. */
  readonly onMistake: (error: unknown) => void
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/** The main one, and some for those that came while it waits, or took longer. */
const requestsMax = 8

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #replicas = new Map<string, Replica>()
  /** Being asked for, or being made durable. */
  readonly #busy = new Set<Replica>()
  readonly #resting = new Map<Replica, Timer>()
  /** They had all that is committed when they were given something last, and are not held back. */
  readonly #caughtUp = new Set<Replica>()
  #requests = 0
  #isStopped = false

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#replicas.size === 0
  }

  add(replica: Replica): void {
    this.#replicas.set(keyOf(replica), replica)
    this.#resting.get(replica)?.cancel()
    this.#resting.delete(replica)
    this.#pump()
  }

  remove(replica: Replica): void {
    this.#replicas.delete(keyOf(replica))
    this.#caughtUp.delete(replica)
    this.#resting.get(replica)?.cancel()
    this.#resting.delete(replica)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#resting.values()) timer.cancel()
    this.#replicas.clear()
  }

  #pump(): void {
    if (this.#isStopped || this.#requests >= requestsMax) return
    const due = [...this.#replicas.values()].filter(
      // One that the fetcher of an earlier leader still cuts is handed over again when it is done.
      (replica) => !replica.isUnsettled && !this.#busy.has(replica) && !this.#resting.has(replica)
    )
    const safe = due.filter((replica) => this.#isSafe(replica) && !this.#isHeldBack(replica))
    if (safe.length === 0) return
    for (const replica of safe) this.#busy.add(replica)
    this.#requests += 1
    const asked = this.#ask(safe).then((slow) => {
      this.#requests -= 1
      for (const replica of safe) if (!slow.has(replica)) this.#busy.delete(replica)
      this.#pump()
    })
    unattended(this.#options.clock, asked)
  }

  /** It asks again in a while (ReplicaFetcherThread.shouldFollowerThrottle). */
  #isHeldBack(replica: Replica): boolean {
    const { topic, partition } = replica
    if (this.#caughtUp.has(replica) || !this.#options.throttle.holdsBack(topic, partition)) return false
    this.#rest(replica)
    return true
  }

  /** What is asked for says what is durable: nothing is asked for before all that there is has become so. */
  #isSafe(replica: Replica): boolean {
    const { log } = replica
    if (replica.isSafe) return true
    this.#busy.add(replica)
    const safe = log.durable(log.logEndOffset).then(
      () => this.#free(replica),
      (error: unknown) => {
        this.#busy.delete(replica)
        this.#refused(replica, error)
      }
    )
    unattended(this.#options.clock, safe)
    return false
  }

  /** Resolves when most of what came is safe, with those that take longer: they are free by themselves. */
  async #ask(replicas: readonly Replica[]): Promise<ReadonlySet<Replica>> {
    const { peer } = this.#options
    const epochs = new Map(replicas.map((replica) => [replica, replica.leaderEpoch]))
    const offsets = new Map(replicas.map((replica) => [replica, replica.log.logEndOffset]))
    try {
      const { response, done } = await peer.fetch(this.#request(replicas))
      const taking = new Map<Replica, Promise<void>>()
      for (const topic of response.responses) {
        for (const answer of topic.partitions) {
          const replica = this.#replicas.get(`${topic.topicId}-${answer.partitionIndex}`)
          if (replica === undefined || !epochs.has(replica)) continue
          // The role, or the log, is another one by now: what was asked for then says nothing.
          if (replica.leadership !== null || replica.leaderEpoch !== epochs.get(replica)) continue
          if (replica.isUnsettled) continue
          if (replica.log.logEndOffset !== offsets.get(replica)) continue
          const taken = this.#take(replica, answer).finally(() => taking.delete(replica))
          taking.set(replica, taken)
        }
      }
      done()
      await this.#inTime([...taking.values()])
      for (const [replica, taken] of taking) this.#freeLater(replica, taken)
      return new Set(taking.keys())
    } catch (error) {
      if (!(error instanceof PeerUnreachable)) this.#options.onMistake(mistakeIn('broker', error))
      for (const replica of replicas) this.#rest(replica)
      return new Set()
    }
  }

  /** Resolves when all of it is done, or has taken so long that nobody should wait for the rest. */
  async #inTime(work: readonly Promise<void>[]): Promise<void> {
    if (work.length === 0) return
    let isLate = (): void => {}
    const late = new Promise<void>((resolve) => {
      isLate = resolve
    })
    const timer = this.#options.clock.after(limits.followerPatienceMs, isLate)
    await Promise.race([Promise.all(work), late])
    timer.cancel()
  }

  #freeLater(replica: Replica, taken: Promise<void>): void {
    const free = (): void => this.#free(replica)
    unattended(this.#options.clock, taken.finally(free))
  }

  #free(replica: Replica): void {
    this.#busy.delete(replica)
    this.#pump()
  }

  #request(replicas: readonly Replica[]): Decoded<FetchRequest> {
    const { nodeId, brokerEpoch } = this.#options
    const byTopic = new Map<string, Replica[]>()
    for (const replica of replicas) {
      const partitions = byTopic.get(replica.topicId)
      if (partitions === undefined) byTopic.set(replica.topicId, [replica])
      else partitions.push(replica)
    }
    return {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: nodeId, replicaEpoch: brokerEpoch() },
      maxWaitMs: limits.followerFetchWaitMs,
      minBytes: 1,
      maxBytes: limits.followerFetchBytes,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: Array.from(byTopic, ([topicId, partitions]) => ({
        topic: '',
        topicId,
        partitions: partitions.map((replica) => ({
          partition: replica.partition,
          currentLeaderEpoch: replica.leaderEpoch,
          fetchOffset: replica.log.logEndOffset,
          lastFetchedEpoch: replica.log.latestEpoch,
          logStartOffset: replica.log.logStartOffset,
          partitionMaxBytes: limits.followerPartitionBytes,
          replicaDirectoryId: ZERO_UUID,
          highWatermark: replica.highWatermark
        }))
      })),
      forgottenTopicsData: [],
      rackId: ''
    }
  }

  /** Resolves when what came is durable. */
  async #take(replica: Replica, answer: PartitionAnswer): Promise<void> {
    try {
      if (answer.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return await this.#findPlace(replica)
      if (answer.errorCode !== ErrorCode.NONE) return this.#rest(replica)
      const { epoch = -1, endOffset = -1 } = answer.divergingEpoch ?? {}
      if (endOffset >= 0) return await this.#cutBack(replica, { epoch, endOffset })
      await this.#append(replica, answer)
    } catch (error) {
      await this.#takeGaps(replica, error).catch((reason: unknown) => this.#refused(replica, reason))
    }
  }

  /**
   * Batches do not fit, perhaps for the offsets between them that Kafka's cleaner has taken from the leader's log: then they are asked for
   * again, and taken. Kafka's followers take whatever ascends; here only a leader with such a log is believed. Rejects as it was refused.
   */
  async #takeGaps(replica: Replica, refusal: unknown): Promise<void> {
    const { log, leaderEpoch, topicId, partition } = replica
    if (!(refusal instanceof UnfitBatchError) || log.gaps === 'compacted') throw refusal
    const ends = await this.#options.peer.logEnds({ topicId, partition, leaderEpoch })
    if ('error' in ends || ends.gaps === 'none') throw refusal
    await this.#options.noteGaps(replica)
    log.allowGaps()
  }

  async #append(replica: Replica, answer: PartitionAnswer): Promise<void> {
    const { log } = replica
    const chunks = chunksOf(answer.records)
    // At once: the bytes are lent.
    const beginsAt = beginningBefore(log, chunks, answer.logStartOffset ?? -1)
    if (beginsAt !== null)
      await this.#beginEarlier(
        replica,
        beginsAt,
        chunks.map((chunk) => Buffer.from(chunk))
      )
    else if (chunks.length > 0) replica.appendFetched(chunks)
    this.#count(replica, chunks, answer.highWatermark)
    await log.durable(log.logEndOffset)
    replica.followHighWatermark(answer.highWatermark)
    const start = Math.min(answer.logStartOffset ?? -1, replica.highWatermark)
    if (start > log.logStartOffset) await log.deleteRecordsBefore(start)
  }

  /** A follower that begins within a batch of the leader's begins with all of it, as its segment is named after it. */
  async #beginEarlier(replica: Replica, offset: number, chunks: readonly Buffer[]): Promise<void> {
    const { leaderEpoch } = replica
    await replica.startAt(offset)
    if (replica.leadership === null && replica.leaderEpoch === leaderEpoch) replica.appendFetched(chunks)
  }

  #count(replica: Replica, chunks: readonly Buffer[], highWatermark: number): void {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#options.throttle.record(replica.topic, replica.partition, bytes)
    if (replica.log.logEndOffset >= highWatermark) this.#caughtUp.add(replica)
    else this.#caughtUp.delete(replica)
  }

  /**
   * The leader's epoch ends earlier than this log's, or it knows an earlier one only: what lies beyond is cut off, and the next fetch
   * finds out whether that was enough (AbstractFetcherThread.getOffsetTruncationState).
   */
  #cutBack(replica: Replica, leaders: { readonly epoch: number; readonly endOffset: number }): Promise<void> {
    const { log } = replica
    const own = log.endOffsetForEpoch(leaders.epoch)
    const common = own.leaderEpoch === leaders.epoch ? Math.min(own.endOffset, leaders.endOffset) : own.endOffset
    const offset = Math.min(common < 0 ? leaders.endOffset : common, log.logEndOffset)
    return replica.truncateTo(offset)
  }

  /** The leader's log does not reach here, or begins later (AbstractFetcherThread.fetchOffsetAndTruncate). */
  async #findPlace(replica: Replica): Promise<void> {
    const { leaderEpoch, topicId, partition } = replica
    const ends = await this.#options.peer.logEnds({ topicId, partition, leaderEpoch })
    if ('error' in ends || replica.leadership !== null || replica.leaderEpoch !== leaderEpoch)
      return this.#rest(replica)
    const { logEndOffset } = replica.log
    if (ends.logEndOffset < logEndOffset) await replica.truncateTo(ends.logEndOffset)
    else if (ends.logStartOffset > logEndOffset) await replica.startAt(ends.logStartOffset)
    else this.#rest(replica)
  }

  /** For want of a file handle it is tried again; else the replica is lost here. */
  #refused(replica: Replica, error: unknown): void {
    if ((error instanceof DiskError && mayPass(error)) || error instanceof PeerUnreachable) {
      this.#rest(replica)
      return
    }
    if (error instanceof UnfitBatchError) {
      this.#options.onUnfit(replica, error)
      this.#rest(replica)
      return
    }
    // The replica was cut, or is gone, meanwhile.
    if (error instanceof TruncatedError || !this.#replicas.has(keyOf(replica))) return
    if (!(error instanceof DiskError)) {
      this.#options.onMistake(mistakeIn({ partition: replica.name }, error))
      this.#rest(replica)
      return
    }
    this.remove(replica)
    this.#options.onFailure(replica, error)
  }

  #rest(replica: Replica): void {
    if (this.#isStopped || this.#resting.has(replica)) return
    const timer = this.#options.clock.after(limits.followerRestMs, () => {
      this.#resting.delete(replica)
      this.#pump()
    })
    this.#resting.set(replica, timer)
  }
}

/**
 * The base offset of the first batch when it holds the end of this log, which has no record that the leader has; null when the batches go
 * on at the end, as they should. Either this log is empty: it began where the leader's did, which was trimmed within a batch, and may
 * begin earlier again since it crashed (Kafka: Partition.appendRecordsToFollowerOrFutureReplica, on UnexpectedAppendOffsetException). Or
 * the leader's begins no earlier than this one ends: in which epoch the batch was written that it begins within, it does not tell any more.
 */
function beginningBefore(
  { logStartOffset, logEndOffset }: PartitionLog,
  [first]: readonly Buffer[],
  leadersStart: number
): number | null {
  if (first === undefined || (logStartOffset < logEndOffset && leadersStart < logEndOffset)) return null
  const { baseOffset, lastOffsetDelta } = readBatchHeader(first)
  return baseOffset < logEndOffset && baseOffset + lastOffsetDelta >= logEndOffset ? baseOffset : null
}

function chunksOf(records: Records | null): readonly Buffer[] {
  if (records === null) return []
  if (!Buffer.isBuffer(records)) return records.chunks
  return records.length === 0 ? [] : [records]
}

function keyOf({ topicId, partition }: Replica): string {
  return `${topicId}-${partition}`
}
