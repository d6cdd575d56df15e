/**
 * A decision about a streams group in the making: the records that it comes to, what becomes of timers, and what is to be remembered beside the
 * log. Nothing outside is touched; whoever took the decision takes the draft over when its records are appended.
 */
import type { StateRecord } from '../../coordinator.ts'
import type { TimerChange } from '../consumer/draft.ts'
import type { Unrest } from '../heartbeat-interval.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { StreamsGroup } from './state.ts'
import { noReportedOffsets, type ReportedOffsets } from './task-offsets.ts'
import type { InternalTopic } from './topology/configure.ts'
import type { TopologyOnTopics } from './topology/on-topics.ts'
import type { Topology } from './topology/topology.ts'

/** What a group may have set for itself (KIP-1071). */
export interface StreamsGroupSettings {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Somebody has set it, for the group or for the broker. */
  readonly isHeartbeatIntervalChosen: boolean
  readonly assignmentIntervalMs: number
  readonly initialRebalanceDelayMs: number
  readonly numStandbyReplicas: number
  /** Keys of client tags that every member is to have. */
  readonly rackAwareTags: readonly string[]
  /** Members report how far their states are this often. */
  readonly taskOffsetIntervalMs: number
  readonly acceptableRecoveryLag: number
}

/** What is known of a group beside its log, and gone with the coordinator: never needed to be right, only to be new. */
export interface SoftStreamsState {
  readonly endpointsEpoch: number
  /** Who asked all members to stop, until the group is empty. */
  readonly shutdownBy: string | null
  /** Until the first target is made: members may still come. */
  readonly isDelayed: boolean
  readonly taskOffsets: ReportedOffsets
}

export const firstSoftState: SoftStreamsState = {
  ...{ endpointsEpoch: 0, shutdownBy: null, isDelayed: false },
  taskOffsets: noReportedOffsets
}

/** What a decision rests on besides the group. */
export interface StreamsCircumstances {
  readonly nowMs: number
  readonly maxSize: number
  readonly settings: StreamsGroupSettings
  readonly topics: GroupTopics
  /** What a topology comes to now. */
  onTopics(topology: Topology): TopologyOnTopics
  /** So much more may members of this coordinator say of themselves. */
  readonly roomBytes: number
  readonly unrest: Unrest
  readonly soft: SoftStreamsState
  /** Why internal topics could not be made, by name. */
  readonly creationErrors: ReadonlyMap<string, string>
}

export interface StreamsDraft extends StreamsCircumstances {
  /** As it stood before. */
  readonly group: StreamsGroup
  readonly records: StateRecord[]
  readonly timers: TimerChange[]
  /** As it is from then on. */
  softNext: SoftStreamsState
  /** The first member has come: the target is made after so long. */
  delayMs: number | null
  /** Topics that the group lacks. */
  topicsToMake: readonly InternalTopic[]
}

export function streamsDraftOf(group: StreamsGroup, circumstances: StreamsCircumstances): StreamsDraft {
  const softNext = circumstances.soft
  return { ...circumstances, group, records: [], timers: [], softNext, delayMs: null, topicsToMake: [] }
}
