/**
 * Before a producer's first batch of a transaction enters a partition, the transaction's coordinator is asked: for older clients whether it
 * knows that the partition is part of it, for newer ones to make it so (KIP-890; Kafka: ReplicaManager.maybeSendPartitionsToTransactionCoordinator,
 * AddPartitionsToTxnManager).
 */

import type { VerificationGuard } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { AddPartitionsToTxnRequest } from '../protocol/generated/api/add-partitions-to-txn-request.ts'
import type { AddPartitionsToTxnResponse } from '../protocol/generated/api/add-partitions-to-txn-response.ts'
import type { Decoded } from '../protocol/message.ts'
import { type Peer, PeerUnreachable } from './peer.ts'
import type { Replica } from './replication/replica.ts'
import type { StateTopic } from './state-topic.ts'

/** How a client of this version takes part (Kafka: TransactionSupportedOperation). */
export type Participation = 'asks' | 'asks, and may be told to abort' | 'adds'

export interface Participant {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly participation: Participation
}

/** A batch that is to be written. */
export interface BatchWithin {
  readonly replica: Replica
  /** -1 of one that a coordinator writes. */
  readonly baseSequence: number
}

/** What came of it for one partition: a guard to write with, which is null where the transaction is open there already. */
export type Verified = { readonly guard: VerificationGuard | null } | { readonly errorCode: number }

export interface VerificationOptions {
  readonly nodeId: number
  readonly topic: StateTopic
  readonly peer: (nodeId: number) => Pick<Peer, 'addPartitionsToTxn'>
  /** As this broker answers it. */
  readonly answer: (request: Decoded<AddPartitionsToTxnRequest>) => Promise<AddPartitionsToTxnResponse>
}

const isOpenThere: Verified = { guard: null }

export class TransactionVerification {
  readonly #of: VerificationOptions

  constructor(of: VerificationOptions) {
    this.#of = of
  }

  /** At once where the transaction is open in each of the partitions. */
  verify(
    participant: Participant,
    batches: readonly BatchWithin[]
  ): ReadonlyMap<Replica, Verified> | Promise<ReadonlyMap<Replica, Verified>> {
    const verified = new Map<Replica, Verified>()
    const unknown = new Map<Replica, VerificationGuard>()
    const { producerId, producerEpoch, participation } = participant
    const bumpsEpochs = participation === 'adds'
    for (const { replica, baseSequence } of batches) {
      if (replica.log.isFenced(participant)) {
        verified.set(replica, { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH })
        continue
      }
      const guard = replica.log.beginVerification({ producerId, producerEpoch, baseSequence, bumpsEpochs })
      if (guard === null) verified.set(replica, isOpenThere)
      else unknown.set(replica, guard)
    }
    return unknown.size === 0 ? verified : this.#ask(participant, unknown, verified)
  }

  async #ask(
    participant: Participant,
    unknown: ReadonlyMap<Replica, VerificationGuard>,
    verified: Map<Replica, Verified>
  ): Promise<ReadonlyMap<Replica, Verified>> {
    const errorOf = await this.#errorsOf(participant, [...unknown.keys()])
    for (const [replica, guard] of unknown) {
      const errorCode = errorOf(replica)
      verified.set(replica, errorCode === ErrorCode.NONE ? { guard } : { errorCode })
    }
    return verified
  }

  async #errorsOf(participant: Participant, replicas: readonly Replica[]): Promise<(replica: Replica) => number> {
    const { nodeId, topic, peer, answer } = this.#of
    const node = topic.nodeOf(participant.transactionalId)
    if (node < 0) return () => ErrorCode.COORDINATOR_NOT_AVAILABLE
    const request = requestFor(participant, replicas)
    try {
      const { errorCode, resultsByTransaction } = await (node === nodeId
        ? answer(request)
        : peer(node).addPartitionsToTxn(request))
      if (errorCode !== undefined && errorCode !== ErrorCode.NONE) return () => errorCode
      const errors = new Map<string, number>()
      for (const { name, resultsByPartition } of resultsByTransaction?.[0]?.topicResults ?? []) {
        for (const { partitionIndex, partitionErrorCode } of resultsByPartition)
          errors.set(`${name}-${partitionIndex}`, told(partitionErrorCode, participant))
      }
      return ({ name }) => errors.get(name) ?? ErrorCode.UNKNOWN_SERVER_ERROR
    } catch (error) {
      if (error instanceof PeerUnreachable) return () => ErrorCode.NETWORK_EXCEPTION
      throw error
    }
  }
}

function requestFor(
  { transactionalId, producerId, producerEpoch, participation }: Participant,
  replicas: readonly Replica[]
): Decoded<AddPartitionsToTxnRequest> {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of replicas) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  const topics = Array.from(byTopic, ([name, partitions]) => ({ name, partitions }))
  const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: participation !== 'adds', topics }
  const none = {
    v3AndBelowTransactionalId: '',
    v3AndBelowProducerId: 0,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: []
  }
  return { ...none, transactions: [transaction] }
}

/** In words that a producer of its version knows. */
function told(errorCode: number, { participation }: Participant): number {
  if (errorCode === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH
  const knowsToAbort = participation !== 'asks'
  return errorCode === ErrorCode.TRANSACTION_ABORTABLE && !knowsToAbort ? ErrorCode.INVALID_TXN_STATE : errorCode
}
