/** What one broker has to do with transactions: it looks after some, writes markers, and lets producers' first batches in. */
import type { TopicNames } from '../coordination/groups/topic-names.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { AddPartitionsToTxnRequest } from '../protocol/generated/api/add-partitions-to-txn-request.ts'
import type { AddPartitionsToTxnResponse } from '../protocol/generated/api/add-partitions-to-txn-response.ts'
import type { Decoded } from '../protocol/message.ts'
import { addPartitions } from './adding-partitions.ts'
import type { GroupCoordinators } from './group-coordinators.ts'
import type { Peer } from './peer.ts'
import { TransactionCoordinators, type TransactionCoordinatorsOptions } from './transaction-coordinators.ts'
import { TransactionMarkers } from './transaction-markers.ts'
import { TransactionVerification } from './transaction-verification.ts'

export interface BrokerTransactionsOptions extends Omit<TransactionCoordinatorsOptions, 'writeMarkers'> {
  readonly nodeId: number
  readonly peer: (nodeId: number) => Peer
  readonly groups: GroupCoordinators
  readonly topics: TopicNames
}

/** Who speaks the batched form of AddPartitionsToTxn knows the second version of transactions. */
const versionOfBatches = 2

export class BrokerTransactions {
  readonly coordinators: TransactionCoordinators
  readonly markers: TransactionMarkers
  readonly verification: TransactionVerification
  readonly #topics: TopicNames

  constructor(options: BrokerTransactionsOptions) {
    const { replicas, nodeId, peer } = options
    this.#topics = options.topics
    this.markers = new TransactionMarkers({
      ...options,
      hosted: (topic, partition) => replicas.get(topic, partition)
    })
    this.coordinators = new TransactionCoordinators({
      ...options,
      writeMarkers: (marker, partitions) => this.markers.send(marker, partitions)
    })
    this.verification = new TransactionVerification({
      ...{ nodeId, peer, topic: this.coordinators.topic },
      answer: (request) => this.addPartitions(request)
    })
  }

  /** AddPartitionsToTxn as brokers ask it of each other, by values. */
  async addPartitions({ transactions }: Decoded<AddPartitionsToTxnRequest>): Promise<AddPartitionsToTxnResponse> {
    const resultsByTransaction = await this.addPartitionsFor(transactions, versionOfBatches)
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, resultsByTransaction }
  }

  /** The same as a client of this version of transactions asks it. */
  addPartitionsFor(
    transactions: Decoded<AddPartitionsToTxnRequest>['transactions'],
    clientVersion: number
  ): ReturnType<typeof addPartitions> {
    return addPartitions(transactions, clientVersion, { coordinators: this.coordinators, topics: this.#topics })
  }
}
