/**
 * Share sessions: which partitions a member of a share group reads here, named once, and its requests in their order (KIP-932; Kafka:
 * SharePartitionManager.newContext, ShareSessionCache).
 *
 * A session is of one group and one member. It ends when the member says so, and with the connection that opened it: nobody else knows
 * whether the member is still there. None is given up for want of use.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Session } from '../session.ts'

export interface SharedPartition {
  readonly topicId: string
  readonly partition: number
}

export interface ShareSessionPartition extends SharedPartition {
  /** The next answer names it, also where it has no records: it is new, or was answered with an error. */
  isToBeTold: boolean
  /** Whether there has been such a topic: then it is one that is gone, else nobody knows which one is meant. */
  wasThere: boolean
}

export interface ShareSession {
  readonly groupId: string
  readonly memberId: string
  readonly connection: Session
  /** Of the next request. */
  epoch: number
  readonly partitions: Map<string, ShareSessionPartition>
}

export interface ShareSessionRequest {
  readonly groupId: string
  readonly memberId: string
  readonly epoch: number
  readonly connection: Session
  readonly partitions: readonly SharedPartition[]
  readonly forgotten: readonly SharedPartition[]
  /** Whether anything is acknowledged. */
  readonly says: 'something' | 'nothing'
}

/** `ended`: it is no more, and what it holds is to be given back. */
export type EnteredSession =
  | { readonly kind: 'refused'; readonly errorCode: ErrorCode }
  | { readonly kind: 'opened' | 'continued' | 'ended'; readonly session: ShareSession }

const openingEpoch = 0
const finalEpoch = -1
const greatestEpoch = 0x7fffffff

export class ShareSessions {
  readonly #mostSessions: () => number
  /** By group, then by member. */
  readonly #groups = new Map<string, Map<string, ShareSession>>()
  readonly #connections = new Map<Session, Set<ShareSession>>()
  #size = 0
  /** Of all sessions together. */
  #partitions = 0

  /** `mostSessions`: group.share.max.share.sessions. */
  constructor(mostSessions: () => number) {
    this.#mostSessions = mostSessions
  }

  get size(): number {
    return this.#size
  }

  get partitions(): number {
    return this.#partitions
  }

  /** False once it has ended, or the member has opened another. */
  isOpen(session: ShareSession): boolean {
    return this.#find(session.groupId, session.memberId) === session
  }

  has(groupId: string, memberId: string): boolean {
    return this.#find(groupId, memberId) !== undefined
  }

  hasMembersOf(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  /** The session that a ShareFetch speaks of. */
  enterToFetch(request: ShareSessionRequest): EnteredSession {
    if (request.epoch === openingEpoch) return this.#open(request)
    const entered = this.#enter(request)
    return entered.kind === 'continued' ? this.#changed(entered.session, request) : entered
  }

  /** The session that a ShareAcknowledge speaks of, which opens none. */
  enterToAcknowledge(request: Pick<ShareSessionRequest, 'groupId' | 'memberId' | 'epoch'>): EnteredSession {
    if (request.epoch === openingEpoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
    return this.#enter(request)
  }

  /** Those that end with the connection. */
  disconnected(connection: Session): readonly ShareSession[] {
    const sessions = [...(this.#connections.get(connection) ?? [])]
    for (const session of sessions) this.#end(session)
    return sessions
  }

  /** A partition that gave records goes to the end of the line. */
  served(session: ShareSession, partition: ShareSessionPartition): void {
    const key = keyOf(partition)
    if (session.partitions.get(key) !== partition) return
    session.partitions.delete(key)
    session.partitions.set(key, partition)
  }

  #enter({ groupId, memberId, epoch }: Pick<ShareSessionRequest, 'groupId' | 'memberId' | 'epoch'>): EnteredSession {
    const session = this.#find(groupId, memberId)
    if (session === undefined) return refused(ErrorCode.SHARE_SESSION_NOT_FOUND)
    if (epoch === finalEpoch) {
      this.#end(session)
      return { kind: 'ended', session }
    }
    if (epoch !== session.epoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
    session.epoch = epoch === greatestEpoch ? 1 : epoch + 1
    return { kind: 'continued', session }
  }

  /** A member that opens its session again holds what it held. */
  #open(request: ShareSessionRequest): EnteredSession {
    const { groupId, memberId, connection } = request
    if (request.says === 'something') return refused(ErrorCode.INVALID_REQUEST)
    const before = this.#find(groupId, memberId)
    if (before !== undefined) this.#end(before)
    const isRoom = this.#size < this.#mostSessions() && this.#hasRoomFor(request.partitions.length)
    if (!isRoom) return refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED)
    const partitions = new Map<string, ShareSessionPartition>()
    for (const one of request.partitions) partitions.set(keyOf(one), { ...one, isToBeTold: false, wasThere: false })
    const session: ShareSession = { groupId, memberId, connection, epoch: openingEpoch + 1, partitions }
    this.#add(session)
    return { kind: 'opened', session }
  }

  #add(session: ShareSession): void {
    addTo(this.#groups, session.groupId, () => new Map<string, ShareSession>()).set(session.memberId, session)
    addTo(this.#connections, session.connection, () => new Set<ShareSession>()).add(session)
    this.#size += 1
    this.#partitions += session.partitions.size
  }

  #changed(session: ShareSession, { partitions, forgotten }: ShareSessionRequest): EnteredSession {
    const before = session.partitions.size
    for (const one of partitions) {
      const key = keyOf(one)
      if (session.partitions.has(key)) continue
      if (!this.#hasRoomFor(session.partitions.size - before + 1)) {
        this.#partitions += session.partitions.size - before
        this.#end(session)
        return refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED)
      }
      session.partitions.set(key, { ...one, isToBeTold: true, wasThere: false })
    }
    for (const one of forgotten) session.partitions.delete(keyOf(one))
    this.#partitions += session.partitions.size - before
    return { kind: 'continued', session }
  }

  #hasRoomFor(morePartitions: number): boolean {
    return this.#partitions + morePartitions <= limits.shareSessionPartitions
  }

  #find(groupId: string, memberId: string): ShareSession | undefined {
    return this.#groups.get(groupId)?.get(memberId)
  }

  #end(session: ShareSession): void {
    removeFrom(this.#groups, session.groupId, session.memberId)
    removeFrom(this.#connections, session.connection, session)
    this.#size -= 1
    this.#partitions -= session.partitions.size
  }
}

export function keyOf({ topicId, partition }: SharedPartition): string {
  return `${topicId}:${partition}`
}

function refused(errorCode: ErrorCode): EnteredSession {
  return { kind: 'refused', errorCode }
}

function addTo<Key, Value>(map: Map<Key, Value>, key: Key, made: () => Value): Value {
  const value = map.get(key) ?? made()
  map.set(key, value)
  return value
}

/** What is empty then goes as well. */
function removeFrom<Key, Inner>(
  map: Map<Key, { delete(inner: Inner): boolean; readonly size: number }>,
  key: Key,
  inner: Inner
): void {
  const held = map.get(key)
  held?.delete(inner)
  if (held?.size === 0) map.delete(key)
}
