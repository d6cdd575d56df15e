/**
 * AddPartitionsToTxn (24): partitions become part of a transaction, before anything of it is written to them.
 *
 * v2 PRODUCER_FENCED · v3 flexible · v4 many transactions, which are only verified when asked so · v5 TRANSACTION_ABORTABLE (KIP-890)
 * Clients speak up to version 3, brokers the later ones. One partition that does not exist keeps the others out.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { AddPartitionsToTxnRequest } from '../../protocol/generated/api/add-partitions-to-txn-request.ts'
import { AddPartitionsToTxnResponse } from '../../protocol/generated/api/add-partitions-to-txn-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import { fencedAs } from '../fenced-producer.ts'

type Request = Decoded<AddPartitionsToTxnRequest>

const firstVersionOfBatches = 4
const firstVersionWithFenced = 2
const clientsVersion = 0
const brokersVersion = 2

export const addPartitionsToTxn = api(ApiKey.AddPartitionsToTxn, {
  versions: [0, 5],
  request: AddPartitionsToTxnRequest,
  response: AddPartitionsToTxnResponse,
  authorization: { some: ['write transactional id', 'clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed(request, { errorCode }, apiVersion) {
    if (apiVersion >= firstVersionOfBatches) return { throttleTimeMs: 0, errorCode, resultsByTransaction: [] }
    const results = request.v3AndBelowTopics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorCode }))
    }))
    return { throttleTimeMs: 0, resultsByTopicV3AndBelow: results }
  },

  async handle(request, { broker, apiVersion }) {
    const isBatch = apiVersion >= firstVersionOfBatches
    const transactions = isBatch ? request.transactions : [asBatch(request)]
    const results = await broker.transactions.addPartitionsFor(transactions, isBatch ? brokersVersion : clientsVersion)
    if (isBatch) return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, resultsByTransaction: results }
    const isTold = apiVersion >= firstVersionWithFenced
    const topicResults = (results[0]?.topicResults ?? []).map(({ name, resultsByPartition }) => ({
      name,
      resultsByPartition: resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => ({
        partitionIndex,
        partitionErrorCode: fencedAs(partitionErrorCode, isTold)
      }))
    }))
    return { throttleTimeMs: 0, resultsByTopicV3AndBelow: topicResults }
  }
})

function asBatch(request: Request): Request['transactions'][number] {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: request.v3AndBelowTopics
  }
}
