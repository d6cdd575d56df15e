/** What the controller does for its parts: it writes, and tells what is safe. */
import type { StateRecord } from '../coordination/coordinator.ts'

export interface MetadataWriter {
  /** Appends and replays. Throws DiskError, with the image as it was. */
  append(records: readonly StateRecord[]): void
  /** Resolves when all that was written is safe and told. Rejects with DiskError. */
  published(): Promise<void>
}

/** Whether a request is carried out, or only looked at. */
export type Mode = 'carry-out' | 'validate-only'
