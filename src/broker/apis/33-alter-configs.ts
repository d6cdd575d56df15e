/**
 * AlterConfigs (33): replaces the whole configuration of a resource. What is not named goes back to its default; that is why
 * IncrementalAlterConfigs came (KIP-339).
 *
 * v2 flexible
 * The answer leaves when the change is durable and in force.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { AlterConfigsRequest } from '../../protocol/generated/api/alter-configs-request.ts'
import { AlterConfigsResponse } from '../../protocol/generated/api/alter-configs-response.ts'
import { alteredResources, failedResources } from '../altered-resources.ts'
import { api } from '../api.ts'

export const alterConfigs = api(ApiKey.AlterConfigs, {
  versions: [0, 2],
  request: AlterConfigsRequest,
  response: AlterConfigsResponse,
  authorization: { some: ['alterConfigs topic', 'alterConfigs group', 'alterConfigs cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ resources }, failure) => ({ throttleTimeMs: 0, responses: failedResources(resources, failure) }),

  async handle({ resources, validateOnly }, { broker }) {
    const mode = validateOnly ? 'validate-only' : 'carry-out'
    const responses = await alteredResources(resources, (wanted) => {
      const replaced = wanted.map(({ resourceType, resourceName, configs }) => ({
        type: resourceType,
        name: resourceName,
        config: configs
      }))
      return broker.controller.ask(({ configs }) => configs.replace(replaced, mode, broker.nodeId))
    })
    return { throttleTimeMs: 0, responses }
  }
})
