/**
 * InitProducerId (22): gives a producer its id; one with a transactional id takes that, and fences who had it before.
 *
 * v2 flexible · v3 producer id and epoch of before (KIP-360) · v4 PRODUCER_FENCED · v5 transactions of the second version (KIP-890)
 * A producer without a transactional id gets a fresh id with epoch 0 each time (TransactionCoordinator.handleInitProducerId).
 * Ids are taken from the metadata log in blocks, so none is given twice, whatever happens to the process.
 */
import { DiskError } from '../../host/disk.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest } from '../../protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../protocol/generated/api/init-producer-id-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'
import { fencedAs } from '../fenced-producer.ts'
import { PeerUnreachable } from '../peer.ts'

const firstVersionWithFenced = 4

export const initProducerId = api(ApiKey.InitProducerId, {
  versions: [0, 5],
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,
  authorization: { some: ['idempotentWrite cluster', 'write topic', 'write transactional id'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, { errorCode }) => refused(errorCode),

  async handle(
    { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch },
    { broker, apiVersion }
  ) {
    if ((producerId === -1) !== (producerEpoch === -1)) return refused(ErrorCode.INVALID_REQUEST)
    if (transactionalId === null) return newProducer(broker)
    if (transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
    if (timeoutMs <= 0 || timeoutMs > broker.config.transactions.maxTimeoutMs)
      return refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
    const coordinator = await broker.transactions.coordinators.of(transactionalId)
    if (coordinator === undefined) return refused(ErrorCode.NOT_COORDINATOR)
    const expected = producerId === -1 ? null : { producerId, producerEpoch }
    const { errorCode, ...given } = await coordinator.initProducerId(transactionalId, { timeoutMs, expected })
    const isTold = apiVersion >= firstVersionWithFenced
    return { throttleTimeMs: 0, errorCode: fencedAs(errorCode, isTold), ...given }
  }
})

async function newProducer(broker: Broker): Promise<InitProducerIdResponse> {
  try {
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      producerId: await broker.producerIds.next(),
      producerEpoch: 0
    }
  } catch (error) {
    // What Kafka answers while no block of ids can be had: clients ask again (RPCProducerIdManager).
    if (error instanceof DiskError || error instanceof PeerUnreachable)
      return refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    throw error
  }
}

function refused(errorCode: ErrorCode): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 }
}
