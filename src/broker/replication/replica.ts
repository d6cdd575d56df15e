/**
 * This broker's copy of one partition: a log and a role. A leader takes records, and says what is committed; a follower is
 * filled by the leader's. How far consumers may read (the high watermark) and who waits for more is here, whatever the role.
 *
 * The high watermark is what every replica in sync has made durable: a consumer never reads what a power cut could take back.
 * Everyone appends through here (clients and coordinators alike), so that everyone who waits is told in one place.
 *
 * What is appended without anybody who waits is made durable later (log/sync-group.ts). So whoever looks at the end of the
 * log says so here (`readToEnd`, `readable`, `observe`), and the sync begins.
 */

import type { Clock, Timer } from '../../host/clock.ts'
import { InvariantError } from '../../invariant.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { AppendMoment, AppendOrigin, AppendResult, Within } from '../../log/types.ts'
import { type Assignment, type FollowerCopy, type FollowerLife, Leadership } from './leadership.ts'

/** Told when more of a partition has become readable, with how many bytes; and when waiting has become pointless. */
export interface ReplicaObserver {
  advanced(bytes: number): void
  ended(): void
}

/** What was appended is not known to be committed: this broker leads the partition no more. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading'
}

/** What was appended may be committed later, or not: it has not come to that in the time that there was. */
export class CommitTimeout extends Error {
  override readonly name = 'CommitTimeout'
}

const outside: Within = {}

/** How long others are waited for. */
export interface CommitPatience {
  readonly clock: Clock
  readonly timeoutMs: number
}

interface Unreadable {
  readonly endOffset: number
  readonly sizeBytes: number
}

interface Commitment {
  readonly endOffset: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** Null where it is waited for without end. */
  readonly timer: Timer | null
}

export class Replica {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly log: PartitionLog
  /** Called when a follower has all that is committed, and is not in sync yet. */
  onMayJoin: ((nodeId: number) => void) | undefined
  /** Called when the log is not being cut any more: who was elected meanwhile can lead now. */
  onSettled: (() => void) | undefined
  /** As configured; `hasEnoughInSyncReplicas` says what that means here. */
  #minInSyncReplicas: number
  readonly #nodeId: number
  readonly #monotonicMs: () => number
  readonly #writeDown: () => Promise<void>
  #isUnsettled = false
  #leadership: Leadership | null = null
  #leader = -1
  #hasRole = false
  #leaderEpoch: number
  #highWatermark: number
  #unreadable: Unreadable[] = []
  readonly #observers = new Set<ReplicaObserver>()
  /** Consumers that wait for what no open transaction holds back; and the last stable offset that they know. */
  readonly #stableObservers = new Set<ReplicaObserver>()
  #stableOffset = 0
  /** Followers that wait for what is written, whether or not it is committed. */
  readonly #followers = new Set<ReplicaObserver>()
  readonly #followerWatchers = new Set<() => void>()
  /** Acknowledgements that wait for followers, the nearest first. */
  #commitments: Commitment[] = []
  /** Whether a reader has seen everything, and nothing was synced for it since. It will come back, most likely at once. */
  #hasReaderAtEnd = false

  constructor(options: {
    readonly topic: string
    readonly topicId: string
    readonly partition: number
    readonly leaderEpoch: number
    readonly minInSyncReplicas: number
    readonly nodeId: number
    readonly monotonicMs: () => number
    /** Where the last run left the high watermark; null where nobody else has a copy: all that is durable is committed. */
    readonly highWatermark: number | null
    /** Writes down how far the logs are safe: before a cut, no start may take for damage what is gone. */
    readonly writeDown: () => Promise<void>
    readonly log: PartitionLog
  }) {
    const { log, highWatermark } = options
    this.topic = options.topic
    this.topicId = options.topicId
    this.partition = options.partition
    this.#minInSyncReplicas = options.minInSyncReplicas
    this.log = log
    this.#nodeId = options.nodeId
    this.#monotonicMs = options.monotonicMs
    this.#writeDown = options.writeDown
    this.#leaderEpoch = options.leaderEpoch
    // A start may have cut the log back behind what the last run says was committed, or not know yet that all of it is safe.
    this.#highWatermark = Math.max(log.logStartOffset, Math.min(highWatermark ?? Infinity, log.syncedEndOffset))
    if (this.#highWatermark > log.logEndOffset)
      throw this.#broken(`is committed up to ${this.#highWatermark}, and ends at ${log.logEndOffset}`)
    log.committedTo(this.#highWatermark)
    log.onSynced = () => this.#advance()
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  /** What this broker knows as the leader; null when it does not lead. */
  get leadership(): Leadership | null {
    return this.#leadership
  }

  /**
   * Whether it was told, since it was opened, who leads. Until then it may have lost with its disk what others have: that it ends earlier says
   * nothing of the partition.
   */
  get hasRole(): boolean {
    return this.#hasRole
  }

  /** Whether all that its log holds is as durable as was asked for. */
  get isSafe(): boolean {
    return this.log.syncedEndOffset === this.log.logEndOffset
  }

  /** Nothing can be appended until `onSettled`, nor before what a crash left is durable. */
  get isUnsettled(): boolean {
    return this.#isUnsettled
  }

  /** The node that leads the partition, as far as this broker was told; -1 when there is none. */
  get leader(): number {
    return this.#leader
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /**
   * The controller says who leads and who is in sync. A log that is being cut cannot lead: `onSettled` tells when it can. Throws DiskError
   * when the beginning of an epoch cannot be noted.
   */
  takeRole(partition: Assignment): void {
    if (partition.leaderEpoch < this.#leaderEpoch)
      throw this.#broken(`is told of leader epoch ${partition.leaderEpoch} after ${this.#leaderEpoch}`)
    if (partition.leader !== this.#nodeId) this.resign()
    this.#leader = partition.leader
    this.#hasRole = true
    if (partition.leader === this.#nodeId && !this.#isUnsettled) this.#lead(partition)
    this.#leaderEpoch = partition.leaderEpoch
    this.#tellOfFollowers()
  }

  #lead(partition: Assignment): void {
    if (this.#leadership?.epoch === partition.leaderEpoch) {
      this.#leadership.update(partition, this.#monotonicMs())
    } else {
      this.#endLeadership()
      this.log.beginEpoch(partition.leaderEpoch)
      this.#leadership = new Leadership(this.#nodeId, partition, this.log.logEndOffset, this.#monotonicMs())
    }
    this.#advance()
  }

  /** It leads no more. What waits for this leader is let go: it has to ask the next one. */
  resign(): void {
    this.#endLeadership()
    this.#tellOfFollowers()
  }

  #endLeadership(): void {
    if (this.#leadership === null) return
    this.#leadership = null
    this.#refuseCommitments()
    this.#letGo()
  }

  #refuseCommitments(): void {
    const commitments = this.#commitments
    this.#commitments = []
    for (const { reject, timer } of commitments) {
      timer?.cancel()
      reject(this.#notLeading())
    }
  }

  /** A mistake of ours: what this partition says can be trusted no more. */
  #broken(how: string): InvariantError {
    return new InvariantError(`${this.name} ${how}`, { partition: this.name })
  }

  #notLeading(): NotLeading {
    return new NotLeading(`This broker leads ${this.name} no more.`)
  }

  /**
   * Resolves when every record below the offset is committed: durable on every replica in sync, so that whoever leads next has it.
   * Rejects with NotLeading, with DiskError when it cannot be made durable here, or with CommitTimeout where patience ends first.
   */
  committed(endOffset: number, patience: CommitPatience | null = null): Promise<void> {
    if (this.#leadership === null) return Promise.reject(this.#notLeading())
    const own = this.log.durable(endOffset)
    if (this.#leadership.isAlone) return own.then(() => (this.#isAlone() ? undefined : this.#whenCommitted(endOffset)))
    return Promise.all([own, this.#whenCommitted(endOffset, patience)]).then(() => {})
  }

  #isAlone(): boolean {
    return this.#leadership?.isAlone === true
  }

  #whenCommitted(endOffset: number, patience: CommitPatience | null = null): Promise<void> {
    if (this.#leadership === null) return Promise.reject(this.#notLeading())
    if (this.#highWatermark >= endOffset) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#commitments = this.#commitments.filter((other) => other !== commitment)
        reject(new CommitTimeout(`${this.name} is not committed up to ${endOffset}.`))
      }
      const timer = patience === null ? null : patience.clock.after(Math.max(0, patience.timeoutMs), giveUp)
      const commitment: Commitment = { endOffset, resolve, reject, timer }
      this.#commitments.push(commitment)
    })
  }

  /** So many replicas have to be in sync from now on: with fewer than before, what waited may be committed. */
  requireInSync(minInSyncReplicas: number): void {
    this.#minInSyncReplicas = minInSyncReplicas
    this.#advance()
  }

  /** Whether acks=all can be answered, as far as this leader knows. */
  get hasEnoughInSyncReplicas(): boolean {
    return this.#leadership?.hasEnough(this.#minInSyncReplicas) === true
  }

  /** The offset below which consumers may read. */
  get highWatermark(): number {
    return this.#highWatermark
  }

  /** The offset below which every transaction has ended by a marker that is committed, and no higher than the high watermark. */
  get lastStableOffset(): number {
    return Math.min(this.log.stableOffset(this.#highWatermark), this.#highWatermark)
  }

  /** Only of a leader. Throws DiskError. */
  append(records: Buffer, origin: AppendOrigin, write: AppendMoment = 'now', within: Within = outside): AppendResult {
    if (this.#leadership === null) throw this.#broken('is given records, and does not lead')
    const result = this.log.append(records, { leaderEpoch: this.#leaderEpoch, origin, write, within })
    if (result.ok && !result.isDuplicate) {
      this.#noteUnreadable(result.firstOffset, result.lastOffset + 1, records.length)
      this.#advance()
      if (this.#hasObservers || this.#hasReaderAtEnd) this.#syncForReaders()
      if (this.#followers.size > 0) this.#tellFollowers(records.length)
    }
    return result
  }

  /** What could not be written is in the log no more; its offsets are given again. */
  #noteUnreadable(firstOffset: number, endOffset: number, sizeBytes: number): void {
    while ((this.#unreadable.at(-1)?.endOffset ?? 0) > firstOffset) this.#unreadable.pop()
    this.#unreadable.push({ endOffset, sizeBytes })
  }

  /** What is appended in one turn is fetched in one go. */
  #tellFollowers(bytes: number): void {
    this.log.onceWritten(() => tell(this.#followers, bytes))
  }

  /**
   * A follower has asked for what comes from this offset on: it has made durable what is below. False when it holds no replica of
   * the partition, or asked before it was started anew. Only of a leader.
   */
  fetchedBy(follower: FollowerLife, copy: FollowerCopy): boolean {
    if (this.#leadership === null) throw this.#broken('is asked by a follower, and does not lead')
    const isFollower = this.#leadership.fetched(follower, copy, this.log.logEndOffset, this.#monotonicMs())
    if (!isFollower) return false
    this.#advance()
    this.#tellOfFollowers()
    if (this.#leadership.mayJoin(follower.nodeId, this.#highWatermark)) this.onMayJoin?.(follower.nodeId)
    return true
  }

  /** The controller has refused to take in who was to join: what waited for them may be committed. */
  giveUpExpecting(leadership: Leadership): void {
    leadership.giveUpExpecting()
    this.#advance()
  }

  /** As a follower: whole batches as the leader's log has them. Throws DiskError. */
  appendFetched(batches: readonly Buffer[]): void {
    if (this.#leadership !== null) throw this.#broken('leads, and is given records as a follower')
    const { firstOffset, lastOffset, sizeBytes } = this.log.appendAsFollower(batches)
    this.#noteUnreadable(firstOffset, lastOffset + 1, sizeBytes)
  }

  /** As a follower: what the leader does not have is cut off. Resolves when no power cut undoes it. Rejects with DiskError. */
  truncateTo(offset: number): Promise<void> {
    return this.#cut(() => {
      // Only after an unclean election has a leader less than what was committed.
      this.#highWatermark = Math.min(this.#highWatermark, offset)
      return this.log.truncateTo(offset, this.#writeDown)
    })
  }

  /** As a follower: nothing of this log is in the leader's, which begins at the offset. Rejects with DiskError. */
  startAt(offset: number): Promise<void> {
    return this.#cut(async () => {
      this.#unreadable = []
      await this.log.startAt(offset, this.#writeDown)
      this.#highWatermark = offset
    })
  }

  /** What a crash left becomes durable: it takes no role before (`onSettled`), and none when that fails. Rejects with DiskError. */
  async settle(): Promise<void> {
    this.#isUnsettled = true
    await this.log.durable(this.log.logEndOffset)
    this.#isUnsettled = false
    this.onSettled?.()
  }

  async #cut(cut: () => Promise<void>): Promise<void> {
    if (this.#leadership !== null) throw this.#broken('leads, and is to be cut')
    this.#isUnsettled = true
    try {
      await cut()
    } finally {
      this.#isUnsettled = false
      // A batch goes whole; and a cut that did not come to its end may have taken more.
      const { logEndOffset } = this.log
      this.#highWatermark = Math.min(this.#highWatermark, logEndOffset)
      this.#unreadable = this.#unreadable.filter(({ endOffset }) => endOffset <= logEndOffset)
      this.onSettled?.()
    }
  }

  /** As a follower: how far the leader says that records are committed. */
  followHighWatermark(leaderHighWatermark: number): void {
    this.#advanceTo(Math.min(leaderHighWatermark, this.log.syncedEndOffset))
  }

  /**
   * A reader has read all that is readable, and wants what comes next. What is there already becomes readable now: resolves
   * then. Null when nothing is: then a sync begins with what is appended next, and when the reader comes back it is readable,
   * or nearly so. One for each time that a reader says so.
   */
  readToEnd(): Promise<void> | null {
    const readable = this.readable()
    this.#hasReaderAtEnd = readable === null
    // Whoever does not wait for it need not hear that it failed.
    readable?.catch(() => {})
    return readable
  }

  /**
   * Resolves when everything that was appended until now is readable, and rejects when that could not be made durable;
   * null when all of it is readable already, or others have to have it first: nobody waits for them.
   */
  readable(): Promise<void> | null {
    const { logEndOffset } = this.log
    if (this.#highWatermark >= logEndOffset || !this.#isAlone()) return null
    return this.log.durable(logEndOffset)
  }

  /** Whoever observes hears of what is appended as soon as it can be read. */
  observe(observer: ReplicaObserver): void {
    this.#observers.add(observer)
    if (this.#highWatermark < this.log.logEndOffset) this.#syncForReaders()
  }

  /** The same for who reads what is committed: what an open transaction holds back is not told. */
  observeStable(observer: ReplicaObserver): void {
    if (this.#stableObservers.size === 0) this.#stableOffset = this.lastStableOffset
    this.#stableObservers.add(observer)
    if (this.#highWatermark < this.log.logEndOffset) this.#syncForReaders()
  }

  get #hasObservers(): boolean {
    return this.#observers.size > 0 || this.#stableObservers.size > 0
  }

  /** A follower hears of what is appended as soon as it is written. */
  observeWritten(observer: ReplicaObserver): void {
    this.#followers.add(observer)
  }

  forget(observer: ReplicaObserver): void {
    this.#observers.delete(observer)
    this.#stableObservers.delete(observer)
    this.#followers.delete(observer)
  }

  /** Tells when a follower has fetched, or its broker may have gone, or this one leads in another way or no more; gives what ends that. */
  watchFollowers(told: () => void): () => void {
    this.#followerWatchers.add(told)
    return () => this.#followerWatchers.delete(told)
  }

  /** A broker has come or gone, perhaps one that is not in sync, so that the partition is as it was. */
  brokersChanged(): void {
    this.#tellOfFollowers()
  }

  #tellOfFollowers(): void {
    for (const told of [...this.#followerWatchers]) told()
  }

  /** The replica is going away (topic deleted, broker stopping): nobody waits for it any longer. */
  end(): void {
    this.log.onSynced = undefined
    this.resign()
    this.#letGo()
  }

  #letGo(): void {
    for (const observer of [...this.#observers, ...this.#stableObservers, ...this.#followers]) observer.ended()
  }

  #syncForReaders(): void {
    this.#hasReaderAtEnd = false
    this.log.syncNow()
  }

  /** As a leader: what has become durable here or at a follower may be committed now. */
  #advance(): void {
    const leadership = this.#leadership
    if (leadership === null) return
    if (!leadership.hasEnough(this.#minInSyncReplicas)) return
    this.#advanceTo(leadership.committedEnd(this.log.syncedEndOffset))
  }

  #advanceTo(readable: number): void {
    if (readable <= this.#highWatermark) return
    const { logEndOffset } = this.log
    if (readable > logEndOffset) throw this.#broken(`is committed up to ${readable}, and ends at ${logEndOffset}`)
    const before = this.#highWatermark
    this.#highWatermark = readable
    this.log.committedTo(readable)
    // What a former life of this broker has left is not among what it counts: whoever waits looks for himself then.
    let bytes = (this.#unreadable[0]?.endOffset ?? Infinity) > readable ? Infinity : 0
    let passed = 0
    for (const entry of this.#unreadable) {
      if (entry.endOffset > readable) break
      bytes += entry.sizeBytes
      passed += 1
    }
    this.#unreadable = passed === this.#unreadable.length ? [] : this.#unreadable.slice(passed)
    this.#resolveCommitments()
    tell(this.#observers, bytes)
    if (this.#stableObservers.size > 0) this.#tellStable(bytes, before)
    // Followers learn from the leader how far consumers may read at their place.
    tell(this.#followers, bytes)
  }

  /** Where a transaction held something back, whoever waits looks for himself how much has come. */
  #tellStable(bytes: number, before: number): void {
    const stableOffset = this.lastStableOffset
    const known = this.#stableOffset
    this.#stableOffset = stableOffset
    if (stableOffset === known) return
    const isAll = known === before && stableOffset === this.#highWatermark
    tell(this.#stableObservers, isAll ? bytes : Infinity)
  }

  #resolveCommitments(): void {
    if (this.#commitments.length === 0) return
    const due = this.#commitments.filter(({ endOffset }) => endOffset <= this.#highWatermark)
    this.#commitments = this.#commitments.filter(({ endOffset }) => endOffset > this.#highWatermark)
    for (const { resolve, timer } of due) {
      timer?.cancel()
      resolve()
    }
  }
}

/** Who hears enough leaves while it is told. */
function tell(observers: ReadonlySet<ReplicaObserver>, bytes: number): void {
  if (observers.size > 0) for (const observer of [...observers]) observer.advanced(bytes)
}
