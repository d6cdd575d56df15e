/** What a request to a transaction coordinator comes to. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Transaction } from './state.ts'

export interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A refusal, or nothing to do: the state stays as it is. */
export interface Answered extends Producer {
  readonly kind: 'answered'
  readonly errorCode: ErrorCode
}

/** The transaction becomes this, and the answer leaves when that is safe. */
export interface Changed {
  readonly kind: 'changed'
  readonly transaction: Transaction
  readonly answer: Answered
  /** The epoch that the producer had before, which it may name when it asks again; null: as it was. Never written (Kafka: lastProducerEpoch). */
  readonly lastProducerEpoch: number | null
}

/** It takes a producer id that nobody has had: the decision is made again with one. */
export interface NeedsProducerId {
  readonly kind: 'needs producer id'
}

export type TransactionDecision = Answered | Changed | NeedsProducerId

export const needsProducerId: NeedsProducerId = { kind: 'needs producer id' }

export function refused(errorCode: ErrorCode): Answered {
  return { kind: 'answered', errorCode, producerId: -1, producerEpoch: -1 }
}

export function granted({ producerId, producerEpoch }: Producer): Answered {
  return { kind: 'answered', errorCode: ErrorCode.NONE, producerId, producerEpoch }
}
