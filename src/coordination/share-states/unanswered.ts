/** The answers that say nothing but that, and why, a share coordinator was asked in vain. */
import type { ErrorCode } from '../../protocol/error-codes.ts'
import type { ShareStateAnswer } from './objection.ts'
import type { ReadAnswer, SummaryAnswer } from './read.ts'
import { noCount } from './state.ts'

/** Of Initialize, Write and Delete. */
export function withoutState(errorCode: ErrorCode, errorMessage: string | null = null): ShareStateAnswer {
  return { errorCode, errorMessage }
}

/** Of Read. */
export function unread(errorCode: ErrorCode, errorMessage: string | null = null): ReadAnswer {
  return { errorCode, errorMessage, stateEpoch: 0, startOffset: 0, stateBatches: [] }
}

/** Of ReadSummary. */
export function unsummarized(errorCode: ErrorCode, errorMessage: string | null = null): SummaryAnswer {
  const nothing = { stateEpoch: 0, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: noCount }
  return { errorCode, errorMessage, ...nothing }
}
