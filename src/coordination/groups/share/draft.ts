/**
 * A decision about a share group in the making: the records that it comes to, what becomes of sessions, and which share partitions are to be
 * initialized then. Nothing outside is touched; whoever took the decision takes the draft over when its records are appended.
 */
import type { StateRecord } from '../../coordinator.ts'
import type { ConsumerGroupSettings, TimerChange } from '../consumer/draft.ts'
import type { GroupConfig } from '../group-config.ts'
import type { Unrest } from '../heartbeat-interval.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { ShareGroup } from './state.ts'
import type { PartitionFrom } from './state-partitions.ts'

/** What a group may have set for itself (KIP-932): the same as of a consumer group. */
export type ShareGroupSettings = ConsumerGroupSettings

/** What a decision rests on besides the group. */
export interface ShareCircumstances {
  readonly nowMs: number
  readonly config: GroupConfig
  readonly settings: ShareGroupSettings
  readonly topics: GroupTopics
  /** Of a topic, as `topic-hash.ts` computes it. */
  hashOf(name: string): bigint
  /** The topics of the group may have changed since they were looked at. */
  readonly isStale: boolean
  /** Share partitions of it are being initialized at this moment. */
  readonly isInitializing: boolean
  /** So much more may members of this coordinator say of themselves. */
  readonly roomBytes: number
  readonly unrest: Unrest
}

/** Share partitions that share coordinators are to be told of. */
export interface Initialization {
  readonly stateEpoch: number
  readonly partitions: readonly PartitionFrom[]
}

export interface ShareDraft extends ShareCircumstances {
  /** As it stood before. */
  readonly group: ShareGroup
  readonly records: StateRecord[]
  readonly timers: TimerChange[]
  /** The topics of the group were looked at, in this epoch of it. */
  refreshedInEpoch: number | null
  initialization: Initialization | null
}

export function shareDraftOf(group: ShareGroup, circumstances: ShareCircumstances): ShareDraft {
  return { ...circumstances, group, records: [], timers: [], refreshedInEpoch: null, initialization: null }
}
