/**
 * InitProducerId (22): gives an idempotent producer its id.
 *
 * v2 flexible · v3 producer id and epoch of before · v4 PRODUCER_FENCED · v5 transactions of the second kind
 * A producer without a transactional id gets a fresh id with epoch 0 each time (TransactionCoordinator.handleInitProducerId).
 * Ids are taken from the metadata log in blocks, so none is given twice, whatever happens to the process.
 * A transactional id is refused: this broker has no transaction coordinator.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest } from '../../protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../protocol/generated/api/init-producer-id-response.ts'
import { api } from '../api.ts'

export const initProducerId = api(ApiKey.InitProducerId, {
  versions: [0, 5],
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,

  async handle(request, { broker }) {
    if ((request.producerId === -1) !== (request.producerEpoch === -1)) return refused(ErrorCode.INVALID_REQUEST)
    if (request.transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
    if (request.transactionalId !== null) return refused(ErrorCode.UNSUPPORTED_VERSION)
    return { errorCode: ErrorCode.NONE, producerId: await broker.producerIds.next(), producerEpoch: 0 }
  }
})

function refused(errorCode: ErrorCode): InitProducerIdResponse {
  return { errorCode, producerId: -1, producerEpoch: -1 }
}
