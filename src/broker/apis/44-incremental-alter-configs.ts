/**
 * IncrementalAlterConfigs (44): changes single settings (KIP-339): set, delete, and append to or subtract from lists.
 *
 * v1 flexible
 * The answer leaves when the change is durable and in force.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { IncrementalAlterConfigsRequest } from '../../protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../protocol/generated/api/incremental-alter-configs-response.ts'
import { alteredResources, failedResources } from '../altered-resources.ts'
import { api } from '../api.ts'

export const incrementalAlterConfigs = api(ApiKey.IncrementalAlterConfigs, {
  versions: [0, 1],
  request: IncrementalAlterConfigsRequest,
  response: IncrementalAlterConfigsResponse,
  authorization: { some: ['alterConfigs topic', 'alterConfigs group', 'alterConfigs cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ resources }, failure) => ({ throttleTimeMs: 0, responses: failedResources(resources, failure) }),

  async handle({ resources, validateOnly }, { broker }) {
    const mode = validateOnly ? 'validate-only' : 'carry-out'
    const responses = await alteredResources(resources, (wanted) => {
      const changed = wanted.map(({ resourceType, resourceName, configs }) => ({
        type: resourceType,
        name: resourceName,
        changes: configs.map(({ name, configOperation: operation, value }) => ({ name, operation, value }))
      }))
      return broker.controller.ask(({ configs }) => configs.change(changed, mode, broker.nodeId))
    })
    return { throttleTimeMs: 0, responses }
  }
})
