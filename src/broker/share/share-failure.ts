/** Why a share partition does not do what it is asked for, as members are told of it. */
import type { ShareStateAnswer } from '../../coordination/share-states/objection.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'

export interface ShareFailure {
  readonly errorCode: ErrorCode
  readonly message: string | null
}

/** Nobody has fetched it here, or it is not looked after here any more. */
export const notHere: ShareFailure = {
  errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  message: 'This server does not host this topic-partition.'
}

export const notLeading: ShareFailure = { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, message: null }

/**
 * What members are told of an answer of the share coordinator (Kafka: SharePartition.fetchPersisterError). Whoever is fenced is to look for
 * the leader: there it finds what holds now.
 */
const toldAs: ReadonlyMap<ErrorCode, ErrorCode> = new Map([
  [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE],
  [ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_NOT_AVAILABLE],
  [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.COORDINATOR_NOT_AVAILABLE],
  [ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.GROUP_ID_NOT_FOUND],
  [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  [ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.NOT_LEADER_OR_FOLLOWER],
  [ErrorCode.FENCED_STATE_EPOCH, ErrorCode.NOT_LEADER_OR_FOLLOWER]
])

export function failureOf(operation: 'read' | 'write', answer: ShareStateAnswer): ShareFailure {
  const errorCode = toldAs.get(answer.errorCode) ?? ErrorCode.UNKNOWN_SERVER_ERROR
  const message = answer.errorMessage === null ? null : `Error in ${operation} state RPC. ${answer.errorMessage}`
  return { errorCode, message }
}

/** It knows too little, or something that holds no more: the next fetch reads it anew. */
const ending: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.GROUP_ID_NOT_FOUND,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
])

export function endsShare({ errorCode }: ShareFailure): boolean {
  return ending.has(errorCode)
}
