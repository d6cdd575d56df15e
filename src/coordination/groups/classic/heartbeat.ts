/** Heartbeat, decided: is the member still one, and does it have to join again? (Kafka: classicGroupHeartbeat.) */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { HeartbeatRequest } from '../../../protocol/generated/api/heartbeat-request.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { checkMember } from './validate.ts'
import type { Round } from './waiting.ts'

/** With NONE and with REBALANCE_IN_PROGRESS the member lives, and its session starts anew. */
export function heartbeat(round: Round | undefined, request: Decoded<HeartbeatRequest>): ErrorCode {
  if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID
  if (round === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  const errorCode = checkMember(round, request.memberId, request.groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (request.generationId !== round.generation) return ErrorCode.ILLEGAL_GENERATION
  return round.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
}
