/**
 * ReadShareGroupState and ReadShareGroupStateSummary, decided: what the leader of a partition begins with, and what a description tells
 * (KIP-932; Kafka: ShareCoordinatorShard.readStateAndMaybeUpdateLeaderEpoch, readStateSummary).
 */
import { type Decision, decide, refuse } from '../coordinator.ts'
import type { StateBatch } from './batches.ts'
import {
  granted,
  objectionToLeader,
  objectionToNumbers,
  objectionToPlace,
  type ShareStateAnswer,
  uninitialized
} from './objection.ts'
import { updateRecord } from './records.ts'
import { type SharePartitionKey, type ShareStates, unknownStartOffset } from './state.ts'
import { unread, unsummarized } from './unanswered.ts'

export interface ReadAnswer extends ShareStateAnswer {
  readonly stateEpoch: number
  readonly startOffset: number
  readonly stateBatches: readonly StateBatch[]
}

export interface SummaryAnswer extends ShareStateAnswer {
  readonly stateEpoch: number
  readonly leaderEpoch: number
  readonly startOffset: number
  readonly deliveryCompleteCount: number
}

/** Who reads leads the partition: from now on nobody of an earlier epoch writes. */
export function read(
  states: ShareStates,
  key: SharePartitionKey,
  leaderEpoch: number,
  isInCluster: boolean
): Decision<ReadAnswer> {
  const known = states.get(key)
  const refused = (why: ShareStateAnswer) => refuse(unread(why.errorCode, why.errorMessage))
  const objection = objectionToNumbers({ partition: key.partition, leaderEpoch })
  if (objection !== null) return refused(objection)
  if (known === undefined) return refused(uninitialized('Read'))
  const fenced = objectionToLeader(known, leaderEpoch) ?? objectionToPlace(isInCluster)
  if (fenced !== null) return refused(fenced)
  const { stateEpoch, startOffset, batches: stateBatches, snapshotEpoch, deliveryCompleteCount } = known.state
  const answer = { ...granted, stateEpoch, startOffset, stateBatches }
  if (leaderEpoch === known.newestLeaderEpoch) return refuse(answer)
  const update = { snapshotEpoch, leaderEpoch, startOffset, deliveryCompleteCount, batches: [] }
  return decide([updateRecord(key, update)], answer)
}

/** Of what was never initialized it says so without an error. */
export function summarize(states: ShareStates, key: SharePartitionKey, isInCluster: boolean): SummaryAnswer {
  const objection = objectionToNumbers({ partition: key.partition }) ?? objectionToPlace(isInCluster)
  if (objection !== null) return unsummarized(objection.errorCode, objection.errorMessage)
  const known = states.get(key)
  if (known === undefined) return { ...unsummarized(granted.errorCode), startOffset: unknownStartOffset }
  const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = known.state
  return { ...granted, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount }
}
