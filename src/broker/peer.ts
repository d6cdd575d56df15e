/** Another broker of the cluster, as this one asks it: by values, over the channel of the cluster. */
import type { SharePersister } from '../coordination/share-states/persister.ts'
import type { Gaps } from '../log/continuity.ts'
import type { ErrorCode } from '../protocol/error-codes.ts'
import type { AddPartitionsToTxnRequest } from '../protocol/generated/api/add-partitions-to-txn-request.ts'
import type { AddPartitionsToTxnResponse } from '../protocol/generated/api/add-partitions-to-txn-response.ts'
import type { FetchRequest } from '../protocol/generated/api/fetch-request.ts'
import type { FetchResponse } from '../protocol/generated/api/fetch-response.ts'
import type { WriteTxnMarkersRequest } from '../protocol/generated/api/write-txn-markers-request.ts'
import type { WriteTxnMarkersResponse } from '../protocol/generated/api/write-txn-markers-response.ts'
import type { Decoded } from '../protocol/message.ts'
import type { DeadLetterBatch } from './share/dead-letter-queue.ts'

/** An answer whose bytes are lent. */
export interface Fetched {
  readonly response: FetchResponse
  /** Nobody needs the bytes any more. */
  done(): void
}

/** Another broker, as those that follow it ask it. Rejects with PeerUnreachable. */
export interface Leader {
  fetch(request: Decoded<FetchRequest>): Promise<Fetched>
  /** Where the leader's log begins and ends; or the error with which it is asked in vain. */
  logEnds(of: {
    readonly topicId: string
    readonly partition: number
    readonly leaderEpoch: number
  }): Promise<LogEnds | { readonly error: ErrorCode }>
}

/** The same, with what transactions and share groups take. */
export interface Peer extends Leader {
  /** Of who leads the partitions: resolves when the markers are committed. */
  writeTxnMarkers(request: Decoded<WriteTxnMarkersRequest>): Promise<WriteTxnMarkersResponse>
  /** Of who leads the partition: resolves when they are committed, or with the error. */
  appendDeadLetters(batch: DeadLetterBatch): Promise<ErrorCode>
  /** Of who looks after the transactions. */
  addPartitionsToTxn(request: Decoded<AddPartitionsToTxnRequest>): Promise<AddPartitionsToTxnResponse>
  /** Of who looks after share partitions: it answers NOT_COORDINATOR of those that it does not. */
  askShareStates<Answer>(question: (states: SharePersister) => Promise<Answer>): Promise<Answer>
}

export interface LogEnds {
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Consumers can read what lies before it. */
  readonly highWatermark: number
  /** Whether offsets may be missing between. */
  readonly gaps: Gaps
}

/** A broker of the cluster that is gone, or is cut off. */
export class PeerUnreachable extends Error {
  override readonly name = 'PeerUnreachable'
}
