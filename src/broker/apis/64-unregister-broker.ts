/**
 * UnregisterBroker (64): takes a broker out of the cluster that will not come back.
 *
 * v0 flexible from the start
 * It is in sync nowhere and leads nothing afterwards. Kafka: ReplicationControlManager.unregisterBroker. Kafka takes out a broker that
 * runs, too, which then serves nobody and comes back with its next start; here it has to be stopped first.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { UnregisterBrokerRequest } from '../../protocol/generated/api/unregister-broker-request.ts'
import { UnregisterBrokerResponse } from '../../protocol/generated/api/unregister-broker-response.ts'
import { api, type Failure } from '../api.ts'
import { askController } from '../asking-controller.ts'
import type { Broker } from '../broker.ts'
import { isAlive } from '../described-brokers.ts'

export const unregisterBroker = api(ApiKey.UnregisterBroker, {
  versions: [0, 0],
  request: UnregisterBrokerRequest,
  response: UnregisterBrokerResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: 0,
  stage: 'may wait',
  failed: (_, failure) => refused(failure),

  handle({ brokerId }, { broker }) {
    if (isAlive(broker, brokerId)) {
      const errorMessage = `Broker ${brokerId} is running: stop it first.`
      return refused({ errorCode: ErrorCode.INVALID_REQUEST, errorMessage })
    }
    return askController(unregistered(brokerId, broker), refused)
  }
})

async function unregistered(brokerId: number, { controller }: Broker): Promise<UnregisterBrokerResponse> {
  const { error, message } = await controller.ask(({ brokers }) => brokers.unregister(brokerId))
  return { throttleTimeMs: 0, errorCode: error, errorMessage: message }
}

function refused(failure: Failure): UnregisterBrokerResponse {
  return { throttleTimeMs: 0, ...failure }
}
