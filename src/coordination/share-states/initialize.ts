/**
 * InitializeShareGroupState and DeleteShareGroupState, decided: the share partition begins at an offset, whatever it was before, or is
 * forgotten (KIP-932; Kafka: ShareCoordinatorShard.initializeState, deleteState).
 */
import { type Decision, decide, refuse } from '../coordinator.ts'
import {
  granted,
  objectionToNumbers,
  objectionToOffset,
  objectionToPlace,
  objectionToState,
  refused,
  type ShareStateAnswer
} from './objection.ts'
import { shareTombstone, snapshotRecord } from './records.ts'
import { noCount, type SharePartitionKey, type ShareStates, unknownStartOffset } from './state.ts'

export interface InitializeRequest {
  readonly key: SharePartitionKey
  readonly stateEpoch: number
  /** -1: the partition's leader is to find it. */
  readonly startOffset: number
}

export function initialize(
  states: ShareStates,
  { key, stateEpoch, startOffset }: InitializeRequest,
  isInCluster: boolean,
  nowMs: number
): Decision<ShareStateAnswer> {
  const known = states.get(key)
  const objection =
    objectionToNumbers({ partition: key.partition, stateEpoch }) ??
    objectionToOffset(startOffset) ??
    objectionToState(known, stateEpoch) ??
    objectionToPlace(isInCluster)
  if (objection !== null) return refused(objection)
  const snapshot = {
    ...{
      snapshotEpoch: known === undefined ? 0 : known.state.snapshotEpoch + 1,
      stateEpoch,
      leaderEpoch: 0,
      startOffset
    },
    ...{ deliveryCompleteCount: startOffset === unknownStartOffset ? noCount : 0, batches: [] },
    ...{ createTimestampMs: nowMs, writeTimestampMs: nowMs }
  }
  return decide([snapshotRecord(key, snapshot)], granted)
}

export function remove(states: ShareStates, key: SharePartitionKey, isInCluster: boolean): Decision<ShareStateAnswer> {
  const objection = objectionToNumbers({ partition: key.partition }) ?? objectionToPlace(isInCluster)
  if (objection !== null) return refused(objection)
  return states.get(key) === undefined ? refuse(granted) : decide([shareTombstone(key)], granted)
}
