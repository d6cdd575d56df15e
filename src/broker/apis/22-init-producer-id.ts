/**
 * InitProducerId (22): gives an idempotent producer its id.
 *
 * v2 flexible · v3 producer id and epoch of before · v4 PRODUCER_FENCED · v5 transactions of the second kind
 * A producer without a transactional id gets a fresh id with epoch 0 each time (TransactionCoordinator.handleInitProducerId).
 * Ids are taken from the metadata log in blocks, so none is given twice, whatever happens to the process.
 * A transactional id is refused: this broker has no transaction coordinator.
 */
import { DiskError } from '../../host/disk.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest } from '../../protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../protocol/generated/api/init-producer-id-response.ts'
import { api } from '../api.ts'
import { PeerUnreachable } from '../replication/fetcher.ts'

export const initProducerId = api(ApiKey.InitProducerId, {
  versions: [0, 5],
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,
  authorization: { some: ['idempotentWrite cluster', 'write topic', 'write transactional id'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, { errorCode }) => refused(errorCode),

  async handle(request, { broker }) {
    if ((request.producerId === -1) !== (request.producerEpoch === -1)) return refused(ErrorCode.INVALID_REQUEST)
    if (request.transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
    if (request.transactionalId !== null) return refused(ErrorCode.UNSUPPORTED_VERSION)
    try {
      return { errorCode: ErrorCode.NONE, producerId: await broker.producerIds.next(), producerEpoch: 0 }
    } catch (error) {
      // What Kafka answers while no block of ids can be had: clients ask again (RPCProducerIdManager).
      if (error instanceof DiskError || error instanceof PeerUnreachable)
        return refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
      throw error
    }
  }
})

function refused(errorCode: ErrorCode): InitProducerIdResponse {
  return { errorCode, producerId: -1, producerEpoch: -1 }
}
