/** How a producer is told that another has taken its place: older clients know the error of its epoch alone (KIP-588). */
import { ErrorCode } from '../protocol/error-codes.ts'

export function fencedAs(errorCode: number, isKnown: boolean): number {
  return errorCode === ErrorCode.PRODUCER_FENCED && !isKnown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode
}
