/**
 * EndTxn (26): commits or aborts a producer's transaction.
 *
 * v2 PRODUCER_FENCED · v3 flexible · v4 TRANSACTION_ABORTABLE · v5 gives the producer its next epoch (KIP-890)
 * The answer leaves once the decision is safe: from then on nothing takes it back, and the markers are on their way.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { EndTxnRequest } from '../../protocol/generated/api/end-txn-request.ts'
import { EndTxnResponse } from '../../protocol/generated/api/end-txn-response.ts'
import { api } from '../api.ts'
import { fencedAs } from '../fenced-producer.ts'

const firstVersionWithFenced = 2
const firstVersionWithNextEpoch = 5

export const endTxn = api(ApiKey.EndTxn, {
  versions: [0, 5],
  request: EndTxnRequest,
  response: EndTxnResponse,
  authorization: { every: ['write transactional id'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, { errorCode }) => refused(errorCode),

  async handle({ transactionalId, producerId, producerEpoch, committed }, { broker, apiVersion }) {
    if (transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
    const coordinator = await broker.transactions.coordinators.of(transactionalId)
    if (coordinator === undefined) return refused(ErrorCode.NOT_COORDINATOR)
    const clientVersion = apiVersion >= firstVersionWithNextEpoch ? 2 : 0
    const outcome = committed ? 'commit' : 'abort'
    const ended = await coordinator.endTransaction(transactionalId, {
      producerId,
      producerEpoch,
      outcome,
      clientVersion
    })
    const errorCode = fencedAs(ended.errorCode, apiVersion >= firstVersionWithFenced)
    return { throttleTimeMs: 0, errorCode, producerId: ended.producerId, producerEpoch: ended.producerEpoch }
  }
})

function refused(errorCode: ErrorCode): EndTxnResponse {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 }
}
