/**
 * A decision about a consumer group in the making: the records that it comes to, and what becomes of the timers. Nothing outside is
 * touched; whoever took the decision takes the draft over when its records are appended.
 */
import type { StateRecord } from '../../coordinator.ts'
import type { GroupConfig } from '../group-config.ts'
import type { Unrest } from '../heartbeat-interval.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { ConsumerGroup } from './state.ts'

/** What a group may have set for itself (KIP-848). */
export interface ConsumerGroupSettings {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Somebody has set it, for the group or for the broker. */
  readonly isHeartbeatIntervalChosen: boolean
  readonly assignmentIntervalMs: number
}

/** What a decision rests on besides the group. */
export interface ConsumerCircumstances {
  readonly nowMs: number
  readonly config: GroupConfig
  readonly settings: ConsumerGroupSettings
  readonly topics: GroupTopics
  /** Of a topic, as `topic-hash.ts` computes it. */
  hashOf(name: string): bigint
  /** The topics of the group may have changed since they were looked at. */
  readonly isStale: boolean
  /** Its expressions are being looked up at this moment. */
  readonly isResolving: boolean
  /** So much more may members of this coordinator say of themselves. */
  readonly roomBytes: number
  readonly unrest: Unrest
  /** Topics were made since its expressions were looked up. */
  readonly hasNewTopics: boolean
}

/** What a member has so long to do, before it is taken out of the group. */
export type TimerKind =
  /** To be heard of again. */
  | 'session'
  /** To give up what it has to give up. */
  | 'rebalance'
  /** To join again: members of the classic protocol. */
  | 'join'
  /** To ask for its assignment: members of the classic protocol. */
  | 'sync'

export interface TimerChange {
  readonly memberId: string
  readonly kind: TimerKind
  /** Null: it is not waited for any more. */
  readonly delayMs: number | null
  /** One that runs already goes on. */
  readonly unlessRunning?: boolean
}

export interface ConsumerDraft extends ConsumerCircumstances {
  /** As it stood before. */
  readonly group: ConsumerGroup
  readonly records: StateRecord[]
  readonly timers: TimerChange[]
  /** The topics of the group were looked at, in this epoch of it. */
  refreshedInEpoch: number | null
  /** Expressions to be looked up. */
  expressions: readonly string[] | null
}

export function consumerDraftOf(group: ConsumerGroup, circumstances: ConsumerCircumstances): ConsumerDraft {
  return { ...circumstances, group, records: [], timers: [], refreshedInEpoch: null, expressions: null }
}

export function stopTimers({ timers }: ConsumerDraft, memberId: string): void {
  for (const kind of ['session', 'rebalance', 'join', 'sync'] as const) timers.push({ memberId, kind, delayMs: null })
}
