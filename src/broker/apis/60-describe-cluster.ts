/**
 * DescribeCluster (60): the brokers of the cluster.
 *
 * v0 flexible from the start · v1 endpoint types (KIP-919) · v2 fenced brokers, for who asks for them (KIP-1073)
 * A broker's listener tells brokers (endpoint type 1); who asks it for controllers (2) gets MISMATCHED_ENDPOINT_TYPE.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeClusterRequest } from '../../protocol/generated/api/describe-cluster-request.ts'
import { DescribeClusterResponse } from '../../protocol/generated/api/describe-cluster-response.ts'
import { api } from '../api.ts'
import { everyClusterOperation, notAsked } from '../authorized-operations.ts'
import type { Broker } from '../broker.ts'
import { type DescribedBroker, describeAll, describeBrokers, isAlive } from '../described-brokers.ts'

const brokerEndpoint = 1
const controllerEndpoint = 2

export const describeCluster = api(ApiKey.DescribeCluster, {
  versions: [0, 2],
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  authorization: 'open to all',
  memoryBytes: 0,
  stage: 'at once',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, clusterId: '', brokers: [] }),

  handle(request, { broker, session }) {
    if (request.endpointType !== brokerEndpoint) return mismatched(request.endpointType)
    const described = request.includeFencedBrokers ? describeAll(broker, session) : describeBrokers(broker, session)
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      brokers: described.map((node) => toldOf(node, broker)),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? everyClusterOperation : notAsked
    }
  }
})

function toldOf({ nodeId, ...node }: DescribedBroker, broker: Broker) {
  return { brokerId: nodeId, ...node, isFenced: !isAlive(broker, nodeId) }
}

function mismatched(endpointType: number): DescribeClusterResponse {
  const isKnown = endpointType === controllerEndpoint
  return {
    throttleTimeMs: 0,
    errorCode: isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: isKnown
      ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
      : `Unsupported endpoint type ${endpointType}`,
    clusterId: '',
    brokers: []
  }
}
