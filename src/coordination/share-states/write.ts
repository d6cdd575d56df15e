/**
 * WriteShareGroupState, decided: what became of records goes into an update, and after so many updates into a snapshot, which makes those
 * before it redundant (KIP-932; Kafka: ShareCoordinatorShard.writeState). Epochs are compared and not written: a leader's becomes known
 * when it reads, the state's when it is initialized.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { type Decision, decide } from '../coordinator.ts'
import { mergeBatches, type StateBatch } from './batches.ts'
import {
  granted,
  objection,
  objectionToLeader,
  objectionToNumbers,
  objectionToOffset,
  objectionToPlace,
  objectionToState,
  refused,
  type ShareStateAnswer,
  uninitialized
} from './objection.ts'
import { snapshotRecord, updateRecord } from './records.ts'
import type { KnownShare, SharePartitionKey, ShareStates } from './state.ts'

interface Progress {
  readonly startOffset: number
  readonly deliveryCompleteCount: number
}

/** A start offset of -1: as it is. */
export interface WriteRequest extends Progress {
  readonly key: SharePartitionKey
  readonly stateEpoch: number
  readonly leaderEpoch: number
  readonly stateBatches: readonly StateBatch[]
}

export interface WriteCircumstances {
  readonly isInCluster: boolean
  readonly updatesPerSnapshot: number
  readonly nowMs: number
}

export function write(
  states: ShareStates,
  request: WriteRequest,
  circumstances: WriteCircumstances
): Decision<ShareStateAnswer> {
  const { key, stateEpoch, leaderEpoch } = request
  const known = states.get(key)
  const objected =
    objectionToNumbers({ partition: key.partition, stateEpoch, leaderEpoch }) ?? objectionToBatches(known, request)
  if (objected !== null) return refused(objected)
  if (known === undefined) return refused(uninitialized('Write'))
  const fenced =
    objectionToLeader(known, leaderEpoch) ??
    objectionToState(known, stateEpoch) ??
    objectionToPlace(circumstances.isInCluster)
  return fenced === null ? written(known, request, circumstances) : refused(fenced)
}

function written(
  known: KnownShare,
  request: WriteRequest,
  circumstances: WriteCircumstances
): Decision<ShareStateAnswer> {
  const { key, state } = known
  const { updatesPerSnapshot, nowMs } = circumstances
  const change = { leaderEpoch: state.leaderEpoch, ...furthest(request, state) }
  const { startOffset } = change
  if (known.updatesSinceSnapshot < updatesPerSnapshot) {
    const batches = mergeBatches([], request.stateBatches, startOffset)
    return decide([updateRecord(key, { ...change, snapshotEpoch: state.snapshotEpoch, batches })], granted)
  }
  const batches = mergeBatches(state.batches, request.stateBatches, startOffset)
  const whole = { ...change, snapshotEpoch: state.snapshotEpoch + 1, stateEpoch: state.stateEpoch, batches }
  const snapshot = { ...whole, createTimestampMs: nowMs, writeTimestampMs: nowMs }
  return decide([snapshotRecord(key, snapshot)], granted)
}

/** How far a write may have overtaken another: the greater start offset holds, and of two that are the same the greater count. */
function furthest(request: Progress, state: Progress): Progress {
  const { startOffset, deliveryCompleteCount } = state
  if (request.startOffset < startOffset) return { startOffset, deliveryCompleteCount }
  const isSame = request.startOffset === startOffset
  return {
    startOffset: request.startOffset,
    deliveryCompleteCount: isSame
      ? Math.max(request.deliveryCompleteCount, deliveryCompleteCount)
      : request.deliveryCompleteCount
  }
}

function objectionToBatches(
  known: KnownShare | undefined,
  { startOffset, stateBatches }: WriteRequest
): ShareStateAnswer | null {
  const most = limits.shareStateBatches
  if ((known?.state.batches.length ?? 0) + stateBatches.length > most) {
    const message = `A share partition may have ${most} batches of offsets in different states.`
    return objection(ErrorCode.INVALID_REQUEST, message)
  }
  let objected = objectionToOffset(startOffset)
  for (const { firstOffset, lastOffset } of stateBatches)
    objected ??= objectionToOffset(firstOffset) ?? objectionToOffset(lastOffset)
  if (objected !== null) return objected
  const isWrong = stateBatches.some(({ firstOffset, lastOffset }) => lastOffset < firstOffset)
  return isWrong ? objection(ErrorCode.INVALID_REQUEST, 'A batch of offsets ends before it begins.') : null
}
