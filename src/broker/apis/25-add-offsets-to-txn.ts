/**
 * AddOffsetsToTxn (25): the offsets of a group become part of a transaction, with the partition of `__consumer_offsets` that has the group.
 *
 * v2 PRODUCER_FENCED · v3 flexible · v4 TRANSACTION_ABORTABLE (KIP-890)
 * Newer clients leave it out: TxnOffsetCommit does the same.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { AddOffsetsToTxnRequest } from '../../protocol/generated/api/add-offsets-to-txn-request.ts'
import { AddOffsetsToTxnResponse } from '../../protocol/generated/api/add-offsets-to-txn-response.ts'
import { api } from '../api.ts'
import { fencedAs } from '../fenced-producer.ts'

const firstVersionWithFenced = 2
const clientVersion = 0

export const addOffsetsToTxn = api(ApiKey.AddOffsetsToTxn, {
  versions: [0, 4],
  request: AddOffsetsToTxnRequest,
  response: AddOffsetsToTxnResponse,
  authorization: { every: ['write transactional id', 'read group'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, { errorCode }) => ({ throttleTimeMs: 0, errorCode }),

  async handle({ transactionalId, groupId, producerId, producerEpoch }, { broker, apiVersion }) {
    if (transactionalId === '') return { throttleTimeMs: 0, errorCode: ErrorCode.INVALID_REQUEST }
    const partition = (await broker.ensureGroupCoordinators()) ? broker.groupPartition(groupId) : null
    if (partition === null) return { throttleTimeMs: 0, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE }
    const coordinator = await broker.transactions.coordinators.of(transactionalId)
    if (coordinator === undefined) return { throttleTimeMs: 0, errorCode: ErrorCode.NOT_COORDINATOR }
    const partitions = new Map([['__consumer_offsets', new Set([partition])]])
    const request = { producerId, producerEpoch, partitions, clientVersion }
    const { errorCode } = await coordinator.addPartitions(transactionalId, request)
    return { throttleTimeMs: 0, errorCode: fencedAs(errorCode, apiVersion >= firstVersionWithFenced) }
  }
})
