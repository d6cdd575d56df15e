/** Why a member of a consumer group is refused: Kafka's code, and Kafka's words, which its clients show. */
import { ErrorCode } from '../../../protocol/error-codes.ts'

export interface Refusal {
  readonly errorCode: ErrorCode
  readonly message: string
}

export function refusal(errorCode: ErrorCode, message: string): Refusal {
  return { errorCode, message }
}

export function fenced(why: string): Refusal {
  return refusal(ErrorCode.FENCED_MEMBER_EPOCH, `${why} The member must abandon all its partitions and rejoin.`)
}
