/** What the disk refused, as a client is told of it. */
import type { Refusal } from '../coordination/metadata/config-rules.ts'
import { DiskError } from '../host/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** Throws on what is no refusal of the disk. */
export function storageFailure(error: unknown): { readonly cause: DiskError; readonly refusal: Refusal } {
  if (!(error instanceof DiskError)) throw error
  return { cause: error, refusal: { error: ErrorCode.KAFKA_STORAGE_ERROR, message: error.message } }
}
