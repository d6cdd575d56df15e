/** Whether someone is the member that it says it is (Kafka: ClassicGroup.validateMember). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { Round } from './waiting.ts'

export function checkMember(round: Round, memberId: string, groupInstanceId: string | null): ErrorCode {
  if (groupInstanceId !== null) {
    const current = round.staticMembers.get(groupInstanceId)
    if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID
  }
  return round.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
}
