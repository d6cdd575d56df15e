/**
 * The share partitions of this broker: those that share groups read of partitions that it leads (KIP-932; Kafka: SharePartitionManager,
 * SharePartitionCache).
 *
 * One is opened by the first fetch, and ends with the leadership, with its partition, when the share coordinator has heard of somebody
 * newer, and when no member of the group has a session here any more. What is in flight in it is bounded by its group's settings and
 * `limits.ts`.
 */
import type { SharePartitionSettings } from '../../coordination/config/share-config.ts'
import type { SharePersister } from '../../coordination/share-states/persister.ts'
import type { Clock } from '../../host/clock.ts'
import { inSlices, SharedSlices } from '../../host/slices.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { RoleObserver } from '../replicas.ts'
import type { Replica } from '../replication/replica.ts'
import type { Session } from '../session.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'
import { LedSharePartition } from './led-share-partition.ts'
import { LockTimer } from './lock-timer.ts'
import { notHere, notLeading, type ShareFailure } from './share-failure.ts'
import {
  type EnteredSession,
  keyOf,
  type SharedPartition,
  type ShareSession,
  type ShareSessionRequest,
  ShareSessions
} from './share-sessions.ts'

export interface SharePartitionsOptions {
  readonly clock: Clock
  readonly persister: SharePersister
  readonly deadLetters: Pick<DeadLetterQueue, 'send'>
  readonly settingsOf: (groupId: string) => SharePartitionSettings
  /** group.share.max.share.sessions */
  readonly mostSessions: () => number
}

/** What one group has open here. */
interface OpenGroup {
  readonly shares: Map<string, LedSharePartition>
  /** Null: to be looked up. */
  settings: SharePartitionSettings | null
}

const tooMany: ShareFailure = {
  errorCode: ErrorCode.POLICY_VIOLATION,
  message: `A broker looks after ${limits.sharePartitions} share partitions at most.`
}

export class SharePartitions implements RoleObserver {
  readonly sessions: ShareSessions
  readonly #options: SharePartitionsOptions
  readonly #groups = new Map<string, OpenGroup>()
  /** By topic id and partition, of all groups. */
  readonly #byPartition = new Map<string, Set<LedSharePartition>>()
  readonly #locks: LockTimer
  /** Of all that is done here for many at once. */
  readonly slices: SharedSlices
  #size = 0

  constructor(options: SharePartitionsOptions) {
    const { clock, mostSessions } = options
    this.#options = options
    this.sessions = new ShareSessions(mostSessions)
    this.slices = new SharedSlices(clock)
    this.#locks = new LockTimer(clock, this.slices, {
      shares: () => this.#all(),
      timeOut: async (share) => {
        await share.timeOut()
        // What is left to be held is looked at only when its lock would have run out.
        this.#endIfUnread(share)
      }
    })
  }

  get size(): number {
    return this.#size
  }

  /** What the group has configured, as it holds now. */
  settingsOf(groupId: string): SharePartitionSettings {
    const group = this.#groups.get(groupId)
    if (group === undefined) return this.#options.settingsOf(groupId)
    group.settings ??= this.#options.settingsOf(groupId)
    return group.settings
  }

  /** Undefined when no member of the group has fetched the partition here. */
  find(groupId: string, { topicId, partition }: SharedPartition): LedSharePartition | undefined {
    return this.#groups.get(groupId)?.shares.get(keyOf({ topicId, partition }))
  }

  /** Of a partition that is led here: opened, or being opened. */
  at(groupId: string, replica: Replica): LedSharePartition | ShareFailure {
    const known = this.find(groupId, replica)
    if (known !== undefined && known.replica === replica && known.leaderEpoch === replica.leaderEpoch) return known
    known?.end(notLeading)
    if (this.#size >= limits.sharePartitions) return tooMany
    return this.#open(groupId, replica)
  }

  #open(groupId: string, replica: Replica): LedSharePartition {
    const { clock, persister, deadLetters } = this.#options
    const { topicId, partition } = replica
    const share = new LedSharePartition({
      ...{ key: { groupId, topicId, partition }, replica, clock, persister, deadLetters, slices: this.slices },
      settings: () => this.settingsOf(groupId),
      onEnded: (ended) => this.#forget(ended),
      onSettled: (settled) => this.#endIfUnread(settled),
      onLocked: (untilMs) => this.#locks.dueAt(untilMs)
    })
    const group = this.#groups.get(groupId) ?? { shares: new Map(), settings: null }
    this.#groups.set(groupId, group)
    group.shares.set(keyOf(replica), share)
    const ofPartition = this.#byPartition.get(keyOf(replica)) ?? new Set()
    this.#byPartition.set(keyOf(replica), ofPartition.add(share))
    this.#size += 1
    unattended(clock, share.open())
    return share
  }

  #forget(share: LedSharePartition): void {
    const { groupId } = share.key
    const group = this.#groups.get(groupId)
    const key = keyOf(share.key)
    group?.shares.delete(key)
    if (group?.shares.size === 0) this.#groups.delete(groupId)
    const ofPartition = this.#byPartition.get(key)
    ofPartition?.delete(share)
    if (ofPartition?.size === 0) this.#byPartition.delete(key)
    this.#size -= 1
  }

  *#all(): Iterable<LedSharePartition> {
    for (const { shares } of this.#groups.values()) yield* shares.values()
  }

  /**
   * The session that a ShareFetch speaks of. Who is refused one has lost the one before, and what it holds is not given back: it may come
   * again, until its locks run out (so with Kafka: SharePartitionManager.newContext).
   */
  enterToFetch(request: ShareSessionRequest): EnteredSession {
    const isFirst = !this.sessions.hasMembersOf(request.groupId)
    const entered = this.sessions.enterToFetch(request)
    if (isFirst && entered.kind === 'opened') this.#endBurying(request.groupId)
    if (entered.kind === 'refused') unattended(this.#options.clock, this.#endUnread(request.groupId))
    return entered
  }

  /**
   * What still sends dead letters though nobody reads may be of a group that was deleted, and made again under its name: whoever reads now has it
   * read anew. Where it is the same group, it is buried by who opens it.
   */
  #endBurying(groupId: string): void {
    for (const share of [...(this.#groups.get(groupId)?.shares.values() ?? [])])
      if (share.isOnlyBurying) share.end(null)
  }

  /** Gives back what the member of a session that has ended holds. Resolves when that is written. */
  async release({ groupId, memberId, partitions }: ShareSession): Promise<void> {
    const releases: Promise<void>[] = []
    for (const one of [...partitions.values()]) {
      const turn = this.slices.othersTurn()
      if (turn !== null) await turn
      // It has come back meanwhile, and may have been given what it would lose here.
      if (this.sessions.has(groupId, memberId)) break
      releases.push(this.find(groupId, one)?.release(memberId) ?? Promise.resolve())
    }
    await Promise.all(releases)
    await this.#endUnread(groupId)
  }

  /** Who has a session by this connection holds nothing any more. */
  disconnected(connection: Session): void {
    for (const session of this.sessions.disconnected(connection)) {
      unattended(this.#options.clock, this.release(session))
    }
  }

  /** A session of the group has ended, which may have been the last. */
  async #endUnread(groupId: string): Promise<void> {
    if (this.sessions.hasMembersOf(groupId)) return
    const left = [...(this.#groups.get(groupId)?.shares.values() ?? [])]
    await inSlices(this.slices, left, (share) => this.#endIfUnread(share))
  }

  /** Nobody reads for the group here: what is known of one of which nobody holds anything can be read again. */
  #endIfUnread(share: LedSharePartition): void {
    if (!this.sessions.hasMembersOf(share.key.groupId) && share.isAtRest) share.end(null)
  }

  onRole(replica: Replica): void {
    for (const share of this.#of(replica)) {
      const isLed = replica.leadership !== null && share.leaderEpoch === replica.leaderEpoch
      if (!isLed || share.replica !== replica) share.end(notLeading)
    }
  }

  onGone(replica: Replica): void {
    for (const share of this.#of(replica)) share.end(notHere)
  }

  #of(replica: Replica): readonly LedSharePartition[] {
    return [...(this.#byPartition.get(keyOf(replica)) ?? [])]
  }

  /** Groups or brokers are configured otherwise: what was in the way of who waits may be no more. */
  settingsChanged(): void {
    for (const group of this.#groups.values()) {
      group.settings = null
      for (const share of group.shares.values()) share.wake()
    }
  }

  /** Nothing runs out any more: the broker is about to stop. */
  close(): void {
    this.#locks.close()
  }

  /** Whoever was in flight is answered, or will never be; nobody goes on with what it could not write. */
  end(): void {
    for (const share of [...this.#all()]) share.end(null)
    this.slices.end()
  }
}
