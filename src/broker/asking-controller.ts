/** What the controller is asked for on behalf of a client: where its disk refuses, that is the answer. */
import { DiskError } from '../host/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Failure } from './api.ts'

export async function askController<Answer>(
  asking: Promise<Answer>,
  refused: (failure: Failure) => Answer
): Promise<Answer> {
  try {
    return await asking
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return refused({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: error.message })
  }
}
