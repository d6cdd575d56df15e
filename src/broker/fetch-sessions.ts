/**
 * Fetch sessions (KIP-227): a client that fetches the same partitions again and again names them once; afterwards it sends
 * only what changed, and gets only the partitions that have something new. As in Kafka's FetchManager and FetchSession.
 */
import type { Chance } from '../host/chance.ts'
import type { Clock } from '../host/clock.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** One partition as a fetch asks for it, and what the client was last told of it. */
export interface FetchPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  /** Where the log of the replica that asks begins; -1 of a consumer. */
  readonly logStartOffset: number
  readonly maxBytes: number
  /** How far the replica that asks knows that records are committed (KIP-1166); larger than any offset where nobody says it. */
  readonly knownHighWatermark: number
  told: { highWatermark: number; logStartOffset: number } | null
}

export interface FetchSessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly usesTopicIds: 'ids' | 'names'
  readonly partitions: readonly FetchPartition[]
  readonly forgotten: readonly {
    readonly topic: string
    readonly topicId: string
    readonly partitions: readonly number[]
  }[]
}

/** Can be walked again and again: a fetch that waits reads twice. */
export interface FetchPartitions {
  [Symbol.iterator](): Iterator<FetchPartition>
}

/** The partitions to read for one request, and how to answer. */
export interface FetchContext {
  readonly sessionId: number
  /** `changed`: leave out partitions that have nothing new. */
  readonly answer: 'all' | 'changed'
  readonly partitions: FetchPartitions
  readonly partitionCount: number
  /** A partition that gave records goes to the end of the line, so that each gets its turn. */
  readonly served: (partition: FetchPartition) => void
}

const noSession = 0
const initialEpoch = 0
const finalEpoch = -1

interface FetchSession {
  readonly id: number
  readonly usesTopicIds: 'ids' | 'names'
  epoch: number
  lastUsedMs: number
  readonly partitions: Map<string, FetchPartition>
}

export class FetchSessions {
  readonly #clock: Clock
  readonly #chance: Chance
  /** In order of last use: the first is the one used longest ago. */
  readonly #sessions = new Map<number, FetchSession>()
  /** Of all sessions together. */
  #partitions = 0

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock
    this.#chance = chance
  }

  get size(): number {
    return this.#sessions.size
  }

  get partitions(): number {
    return this.#partitions
  }

  /** Finds, makes or ends the session that the request speaks of. */
  enter(request: FetchSessionRequest): FetchContext | { readonly error: ErrorCode } {
    if (request.sessionEpoch === initialEpoch || request.sessionEpoch === finalEpoch) {
      this.#end(this.#sessions.get(request.sessionId))
      const session = request.sessionEpoch === initialEpoch ? this.#open(request) : null
      if (session === null) return sessionless(request.partitions)
      return this.#context(session, 'all')
    }
    const session = this.#sessions.get(request.sessionId)
    if (session === undefined) return { error: ErrorCode.FETCH_SESSION_ID_NOT_FOUND }
    if (session.epoch !== request.sessionEpoch) return { error: ErrorCode.INVALID_FETCH_SESSION_EPOCH }
    if (session.usesTopicIds !== request.usesTopicIds) return { error: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR }
    this.#touch(session)
    if (!this.#change(session, request)) {
      this.#end(session)
      return { error: ErrorCode.FETCH_SESSION_ID_NOT_FOUND }
    }
    if (session.partitions.size === 0) {
      this.#end(session)
      return sessionless(request.partitions)
    }
    return this.#context(session, 'changed')
  }

  #open(request: FetchSessionRequest): FetchSession | null {
    if (request.partitions.length === 0 || !this.#makeRoom({ sessions: 1, partitions: request.partitions.length }))
      return null
    const session: FetchSession = {
      id: this.#freeId(),
      usesTopicIds: request.usesTopicIds,
      epoch: initialEpoch,
      lastUsedMs: this.#clock.nowMs(),
      partitions: new Map()
    }
    for (const partition of request.partitions) session.partitions.set(keyOf(session, partition), partition)
    this.#sessions.set(session.id, session)
    this.#partitions += session.partitions.size
    return session
  }

  /** False when there is no room for what is new in it; it is half changed then, and has to end. */
  #change(session: FetchSession, request: FetchSessionRequest): boolean {
    const before = session.partitions.size
    for (const partition of request.partitions) {
      const key = keyOf(session, partition)
      partition.told = session.partitions.get(key)?.told ?? null
      session.partitions.set(key, partition)
    }
    for (const forgotten of request.forgotten) {
      for (const partition of forgotten.partitions) {
        session.partitions.delete(keyOf(session, { topic: forgotten.topic, topicId: forgotten.topicId, partition }))
      }
    }
    this.#partitions += session.partitions.size - before
    return this.#partitions <= limits.fetchSessionPartitions || this.#makeRoom({ sessions: 0, partitions: 0 })
  }

  #end(session: FetchSession | undefined): void {
    if (session === undefined) return
    this.#sessions.delete(session.id)
    this.#partitions -= session.partitions.size
  }

  /** Used last. */
  #touch(session: FetchSession): void {
    session.lastUsedMs = this.#clock.nowMs()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  #context(session: FetchSession, answer: 'all' | 'changed'): FetchContext {
    session.epoch = session.epoch === 0x7fffffff ? 1 : session.epoch + 1
    return {
      sessionId: session.id,
      answer,
      partitions: { [Symbol.iterator]: () => session.partitions.values() },
      partitionCount: session.partitions.size,
      served(partition) {
        const key = keyOf(session, partition)
        if (session.partitions.get(key) !== partition) return
        session.partitions.delete(key)
        session.partitions.set(key, partition)
      }
    }
  }

  /** A full cache gives up the sessions used longest ago, once they have been idle for long enough. */
  #makeRoom(more: { readonly sessions: number; readonly partitions: number }): boolean {
    const isRoom = (): boolean =>
      this.#sessions.size + more.sessions <= limits.fetchSessions &&
      this.#partitions + more.partitions <= limits.fetchSessionPartitions
    if (more.partitions > limits.fetchSessionPartitions) return false
    for (const oldest of this.#sessions.values()) {
      if (isRoom()) return true
      if (this.#clock.nowMs() - oldest.lastUsedMs < limits.fetchSessionIdleMs) return false
      this.#end(oldest)
    }
    return isRoom()
  }

  #freeId(): number {
    for (;;) {
      const id = this.#chance.below(0x7ffffffe) + 1
      if (!this.#sessions.has(id)) return id
    }
  }
}

function sessionless(partitions: readonly FetchPartition[]): FetchContext {
  return { sessionId: noSession, answer: 'all', partitions, partitionCount: partitions.length, served() {} }
}

function keyOf(
  session: { readonly usesTopicIds: 'ids' | 'names' },
  of: { readonly topic: string; readonly topicId: string; readonly partition: number }
): string {
  return `${session.usesTopicIds === 'ids' ? of.topicId : of.topic}:${of.partition}`
}
