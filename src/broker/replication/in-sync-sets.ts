/**
 * Asks the controller to change the in-sync sets of what this broker leads: followers that have caught up join, those that lag leave.
 * One request at a time, with all that has come up meanwhile (KIP-497; Kafka: AlterPartitionManager).
 */
import type { WantedInSyncSet } from '../../controller/alter-partition.ts'
import type { Clock, Timer } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { RepeatingTimer } from '../../host/repeating-timer.ts'
import { unattended } from '../../host/unattended.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { PeerUnreachable } from '../peer.ts'
import type { Leadership } from './leadership.ts'
import type { Replica } from './replica.ts'

/** The controller, as a leader needs it; rejects when it cannot be reached. */
export interface InSyncControl {
  alterPartitions(
    wanted: readonly WantedInSyncSet[]
  ): Promise<{ readonly error: ErrorCode; readonly partitions: readonly { readonly error: ErrorCode }[] }>
}

interface Change {
  readonly replica: Replica
  readonly leadership: Leadership
  readonly inSyncReplicas: readonly number[]
}

export class InSyncSets {
  readonly #control: InSyncControl
  readonly #clock: Clock
  readonly #replicas: () => Iterable<Replica>
  readonly #maxLagMs: () => number
  /** Followers that may join, by the replica that they are of. */
  readonly #joining = new Map<Replica, Set<number>>()
  /** Replicas whose set the controller is being asked to change. */
  readonly #asked = new Set<Replica>()
  /** What the controller was asked without an answer: it may have been carried out, or may be yet. */
  readonly #unanswered = new Map<Replica, Leadership>()
  #isAsking = false
  readonly #timer: RepeatingTimer
  #againTimer: Timer | null = null

  constructor(options: {
    readonly control: InSyncControl
    readonly clock: Clock
    readonly replicas: () => Iterable<Replica>
    /** replica.lag.time.max.ms */
    readonly maxLagMs: () => number
  }) {
    this.#control = options.control
    this.#clock = options.clock
    this.#replicas = options.replicas
    this.#maxLagMs = options.maxLagMs
    this.#timer = new RepeatingTimer(
      options.clock,
      () => options.maxLagMs() / 2,
      () => this.#ask()
    )
  }

  /** Looks for followers that lag, twice within the time that they may. */
  start(): void {
    this.#timer.start()
  }

  stop(): void {
    this.#timer.stop()
    this.#againTimer?.cancel()
  }

  /** The follower has all that is committed. */
  mayJoin(replica: Replica, nodeId: number): void {
    const joining = this.#joining.get(replica)
    if (joining === undefined) this.#joining.set(replica, new Set([nodeId]))
    else joining.add(nodeId)
    this.#ask()
  }

  #ask(): void {
    if (this.#isAsking) return
    const changes: Change[] = []
    for (const source of [this.#joins(), this.#askedBefore(), this.#departures()]) {
      for (const change of source) {
        this.#asked.add(change.replica)
        changes.push(change)
      }
    }
    if (changes.length === 0) return
    this.#isAsking = true
    const answered = this.#control.alterPartitions(changes.map(wantedOf)).then(
      ({ partitions }) => this.#answered(changes, partitions),
      (error: unknown) => {
        this.#notAnswered(changes)
        throw error
      }
    )
    // The controller's disk refuses, or it cannot be reached.
    unattended(this.#clock, answered, DiskError, PeerUnreachable)
  }

  /**
   * Whether it was carried out is not known: nothing is committed that those who may have joined do not have, until the controller says
   * how it is (Partition.handleAlterPartitionError). It is asked again after a while.
   */
  #notAnswered(changes: readonly Change[]): void {
    this.#isAsking = false
    for (const { replica, leadership } of changes) {
      this.#asked.delete(replica)
      if (leadership.expected.length > 0) this.#unanswered.set(replica, leadership)
    }
    this.#againTimer?.cancel()
    this.#againTimer = this.#clock.after(limits.refusedRecordPauseMs, () => this.#ask())
  }

  #answered(changes: readonly Change[], results: readonly { readonly error: ErrorCode }[]): void {
    this.#isAsking = false
    for (const [index, { replica, leadership }] of changes.entries()) {
      this.#asked.delete(replica)
      // Any other error comes of a change that this leader is about to be told of.
      if (results[index]?.error === ErrorCode.INELIGIBLE_REPLICA) replica.giveUpExpecting(leadership)
    }
    if (this.#joining.size > 0) this.#ask()
  }

  /** From when the controller is asked, nothing is committed that those who join do not have. */
  *#joins(): Iterable<Change> {
    for (const [replica, joining] of this.#joining) {
      this.#joining.delete(replica)
      const { leadership } = replica
      if (leadership === null || this.#asked.has(replica)) continue
      const ready = [...joining].filter((nodeId) => leadership.mayJoin(nodeId, replica.highWatermark))
      if (ready.length === 0) continue
      leadership.expect(ready)
      this.#unanswered.delete(replica)
      yield { replica, leadership, inSyncReplicas: [...leadership.inSyncReplicas, ...leadership.expected] }
    }
  }

  /** What is still expected of the same leadership, once more. */
  *#askedBefore(): Iterable<Change> {
    for (const [replica, leadership] of this.#unanswered) {
      this.#unanswered.delete(replica)
      if (replica.leadership !== leadership || leadership.expected.length === 0) continue
      if (this.#asked.has(replica)) continue
      yield { replica, leadership, inSyncReplicas: [...leadership.inSyncReplicas, ...leadership.expected] }
    }
  }

  *#departures(): Iterable<Change> {
    const nowMs = this.#clock.monotonicMs()
    for (const replica of this.#replicas()) {
      const { leadership } = replica
      if (leadership === null || leadership.isAlone || this.#asked.has(replica)) continue
      const laggards = leadership.laggards(replica.log.logEndOffset, nowMs, this.#maxLagMs())
      if (laggards.length === 0) continue
      const inSyncReplicas = leadership.inSyncReplicas.filter((nodeId) => !laggards.includes(nodeId))
      yield { replica, leadership, inSyncReplicas }
    }
  }
}

function wantedOf({ replica, leadership, inSyncReplicas }: Change): WantedInSyncSet {
  const { leaderEpoch, partitionEpoch } = leadership.partition
  return {
    topicId: replica.topicId,
    partitionId: replica.partition,
    leaderEpoch,
    partitionEpoch,
    leaderRecoveryState: 0,
    inSyncReplicas: inSyncReplicas.map((brokerId) => ({ brokerId, brokerEpoch: leadership.brokerEpochOf(brokerId) }))
  }
}
