/**
 * Transactions of the metadata log (KIP-868): a controller that has more to say than one batch holds says it between a
 * beginning and an end. Until the end nothing of it counts; after an abort none of it does. They do not nest.
 */
import { AbortTransactionRecord } from '../../protocol/generated/metadata-log/abort-transaction-record.ts'
import { BeginTransactionRecord } from '../../protocol/generated/metadata-log/begin-transaction-record.ts'
import { EndTransactionRecord } from '../../protocol/generated/metadata-log/end-transaction-record.ts'
import type { StateRecord } from '../coordinator.ts'
import { readMetadataFrame } from './records.ts'

export class MetadataTransactions {
  readonly #replay: (record: StateRecord) => void
  /** The records of the open transaction; null when none is open. */
  #held: StateRecord[] | null = null

  constructor(replay: (record: StateRecord) => void) {
    this.#replay = replay
  }

  /** True when whoever wrote the log was stopped within a transaction: it must be aborted before anything else is said. */
  get isOpen(): boolean {
    return this.#held !== null
  }

  /** Hands on the records that count, in their order. */
  take(record: StateRecord): void {
    const type = record.value === null ? null : readMetadataFrame(record.value).type
    if (type === BeginTransactionRecord.apiKey) {
      this.#held = []
    } else if (type === EndTransactionRecord.apiKey || type === AbortTransactionRecord.apiKey) {
      const held = this.#held ?? []
      this.#held = null
      if (type === EndTransactionRecord.apiKey) for (const earlier of held) this.#replay(earlier)
    } else if (this.#held === null) {
      this.#replay(record)
    } else {
      this.#held.push(record)
    }
  }
}
