/**
 * ListConfigResources (74): the resources that can have a configuration.
 *
 * v0 client metrics only, flexible from the start · v1 every type, and a filter for them (KIP-1142)
 */
import { ResourceType } from '../../coordination/metadata/image.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListConfigResourcesRequest } from '../../protocol/generated/api/list-config-resources-request.ts'
import { ListConfigResourcesResponse } from '../../protocol/generated/api/list-config-resources-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

const allTypes: readonly number[] = Object.values(ResourceType)

export const listConfigResources = api(ApiKey.ListConfigResources, {
  versions: [0, 1],
  request: ListConfigResourcesRequest,
  response: ListConfigResourcesResponse,
  authorization: { every: ['describeConfigs cluster'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'at once',
  failed: (_, { errorCode }) => ({ throttleTimeMs: 0, errorCode, configResources: [] }),

  handle({ resourceTypes }, { broker, apiVersion }) {
    const everything = apiVersion === 0 ? [ResourceType.clientMetrics] : allTypes
    const types = resourceTypes.length === 0 ? everything : [...new Set(resourceTypes)]
    if (types.some((type) => !allTypes.includes(type))) {
      return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] }
    }
    const configResources = types.flatMap((resourceType) =>
      namesOf(broker, resourceType).map((resourceName) => ({ resourceName, resourceType }))
    )
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources }
  }
})

function namesOf(broker: Broker, type: number): string[] {
  const { image } = broker
  if (type === ResourceType.topic) return image.sortedTopics().map(({ name }) => name)
  if (type === ResourceType.broker || type === ResourceType.brokerLogger) return [String(broker.nodeId)]
  return image.configured(type)
}
