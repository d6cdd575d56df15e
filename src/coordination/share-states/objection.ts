/** Why a request about a share partition's state is refused, in the order in which Apache Kafka 4.4.0 looks, and in its words. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { type Decision, refuse } from '../coordinator.ts'
import type { KnownShare } from './state.ts'

export interface ShareStateAnswer {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

export const granted: ShareStateAnswer = { errorCode: ErrorCode.NONE, errorMessage: null }

export function objection(errorCode: ErrorCode, errorMessage: string): ShareStateAnswer {
  return { errorCode, errorMessage }
}

export function refused(answer: ShareStateAnswer): Decision<ShareStateAnswer> {
  return refuse(answer)
}

export const unknownPartition: ShareStateAnswer = objection(
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  'This server does not host this topic-partition.'
)

/** What a request says that can be negative nowhere. */
export function objectionToNumbers(numbers: {
  readonly partition: number
  readonly stateEpoch?: number
  readonly leaderEpoch?: number
}): ShareStateAnswer | null {
  const negative = (what: string) => objection(ErrorCode.INVALID_REQUEST, `The ${what} cannot be a negative number.`)
  if (numbers.partition < 0) return negative('partition id')
  if ((numbers.leaderEpoch ?? 0) < 0) return negative('leader epoch')
  return (numbers.stateEpoch ?? 0) < 0 ? negative('state epoch') : null
}

/** No log comes so far that its offsets are no numbers here. */
export function objectionToOffset(offset: number): ShareStateAnswer | null {
  if (Number.isSafeInteger(offset)) return null
  return objection(ErrorCode.INVALID_REQUEST, `The offset ${offset} is beyond what is supported.`)
}

export function uninitialized(operation: 'Read' | 'Write'): ShareStateAnswer {
  const message = `${operation} operation on uninitialized share partition not allowed.`
  return objection(ErrorCode.INVALID_REQUEST, message)
}

/** A leader of before speaks. */
export function objectionToLeader(known: KnownShare, leaderEpoch: number): ShareStateAnswer | null {
  if (leaderEpoch >= known.newestLeaderEpoch) return null
  const message = 'The leader epoch in the request is older than the epoch on the broker.'
  return objection(ErrorCode.FENCED_LEADER_EPOCH, message)
}

/** The share partition was initialized anew since. */
export function objectionToState(known: KnownShare | undefined, stateEpoch: number): ShareStateAnswer | null {
  if (known === undefined || stateEpoch >= known.newestStateEpoch) return null
  const message = 'The coordinator rejected the request because the state epoch did not match.'
  return objection(ErrorCode.FENCED_STATE_EPOCH, message)
}

export function objectionToPlace(isInCluster: boolean): ShareStateAnswer | null {
  return isInCluster ? null : unknownPartition
}
