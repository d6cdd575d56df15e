/**
 * DescribeConfigs (32): the configuration in force, with where each value comes from.
 *
 * v1 sources and synonyms · v3 types, documentation · v4 flexible
 * Topics and groups tell every configuration of Kafka 4.4.0, brokers those that have a meaning here. Documentation is not
 * given. There are no broker loggers: their list is empty.
 */
import { nodeIdNamed } from '../../coordination/metadata/config-rules.ts'
import { ResourceType } from '../../coordination/metadata/image.ts'
import { objectionToTopicName } from '../../coordination/metadata/topic-names.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeConfigsRequest } from '../../protocol/generated/api/describe-configs-request.ts'
import { DescribeConfigsResponse } from '../../protocol/generated/api/describe-configs-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'
import {
  type DescribedConfig,
  describeBrokerConfigs,
  describeClientMetricsConfigs,
  describeClusterConfigs,
  describeGroupConfigs,
  describeTopicConfigs
} from '../described-configs.ts'

type Resource = Decoded<DescribeConfigsRequest>['resources'][number]
type Failure = { readonly error: ErrorCode; readonly message: string }

export const describeConfigs = api(ApiKey.DescribeConfigs, {
  versions: [1, 4],
  request: DescribeConfigsRequest,
  response: DescribeConfigsResponse,
  authorization: { some: ['describeConfigs topic', 'describeConfigs group', 'describeConfigs cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed({ resources }, failure) {
    const results = resources.map(({ resourceType, resourceName }) => ({
      ...failure,
      resourceType,
      resourceName,
      configs: []
    }))
    return { throttleTimeMs: 0, results }
  },

  handle({ resources, includeSynonyms }, { broker }) {
    const refusal = objectionToTypes(resources)
    const results = resources.map((resource) => {
      const { resourceType, resourceName, configurationKeys } = resource
      const described = refusal ?? describe(broker, resource)
      if ('error' in described) {
        const { error: errorCode, message: errorMessage } = described
        return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
      }
      const keys = new Set(configurationKeys)
      const wanted = keys.size === 0 ? described : described.filter(({ name }) => keys.has(name))
      const configs = includeSynonyms ? wanted : wanted.map((config) => ({ ...config, synonyms: [] }))
      return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs }
    })
    return { throttleTimeMs: 0, results }
  }
})

/** A type that does not exist is a mistake of the whole request: Kafka answers every resource of it so. */
function objectionToTypes(resources: readonly Resource[]): Failure | null {
  const known: readonly number[] = Object.values(ResourceType)
  const odd = resources.find(({ resourceType }) => !known.includes(resourceType))
  return odd === undefined ? null : refused(`Unsupported resource type: ${odd.resourceType}`)
}

function describe(broker: Broker, { resourceType, resourceName }: Resource): readonly DescribedConfig[] | Failure {
  switch (resourceType) {
    case ResourceType.topic:
      return describeTopic(broker, resourceName)
    case ResourceType.broker:
      if (resourceName === '') return describeClusterConfigs(broker)
      return objectionToBroker(broker, resourceName, ' or empty string,') ?? describeBrokerConfigs(broker)
    case ResourceType.brokerLogger:
      if (resourceName === '') return refused('Broker id must not be empty')
      return objectionToBroker(broker, resourceName, '') ?? []
    case ResourceType.clientMetrics:
      if (resourceName === '') return refused('Client metrics subscription name must not be empty')
      return describeClientMetricsConfigs(broker, resourceName)
    // A group: objectionToTypes has let no other type pass.
    default:
      if (resourceName === '') return refused('Group name must not be empty')
      return describeGroupConfigs(broker, resourceName)
  }
}

function describeTopic(broker: Broker, name: string): readonly DescribedConfig[] | Failure {
  const objection = objectionToTopicName(name)
  if (objection !== null) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message: objection }
  if (broker.image.topicByName(name) === undefined) {
    return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: '' }
  }
  return describeTopicConfigs(broker, broker.image.topicConfig(name))
}

function objectionToBroker({ nodeId }: Broker, name: string, orElse: ' or empty string,' | ''): Failure | null {
  const named = nodeIdNamed(name)
  if (named === nodeId) return null
  if (named === null) return refused(`Broker id must be an integer, but it is: ${name}`)
  return refused(`Unexpected broker id, expected ${nodeId}${orElse} but received ${name}`)
}

function refused(message: string): Failure {
  return { error: ErrorCode.INVALID_REQUEST, message }
}
