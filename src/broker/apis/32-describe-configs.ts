/**
 * DescribeConfigs (32): the configuration in force, with where each value comes from.
 *
 * v1 sources and synonyms · v3 types, documentation · v4 flexible
 * Topics tell every configuration of Kafka 4.4.0, brokers those that have a meaning here. Documentation is not given.
 * Broker loggers, client metrics and groups have none here, and get an empty list.
 */
import { ResourceType } from '../../coordination/metadata/image.ts'
import { objectionToTopicName } from '../../coordination/metadata/topic-names.ts'
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
  describeClusterConfigs,
  describeTopicConfigs
} from '../described-configs.ts'

type Resource = Decoded<DescribeConfigsRequest>['resources'][number]
type Failure = { readonly error: ErrorCode; readonly message: string | null }

export const describeConfigs = api(ApiKey.DescribeConfigs, {
  versions: [1, 4],
  request: DescribeConfigsRequest,
  response: DescribeConfigsResponse,

  handle({ resources, includeSynonyms }, { broker }) {
    const results = resources.map((resource) => {
      const { resourceType, resourceName, configurationKeys } = resource
      const described = describe(broker, resource)
      if ('error' in described) {
        const { error: errorCode, message: errorMessage } = described
        return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
      }
      const wanted = described.filter(({ name }) => configurationKeys === null || configurationKeys.includes(name))
      const configs = includeSynonyms ? wanted : wanted.map((config) => ({ ...config, synonyms: [] }))
      return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName, configs }
    })
    return { throttleTimeMs: 0, results }
  }
})

function describe(broker: Broker, { resourceType, resourceName }: Resource): readonly DescribedConfig[] | Failure {
  switch (resourceType) {
    case ResourceType.topic:
      return describeTopic(broker, resourceName)
    case ResourceType.broker:
      if (resourceName === '') return describeClusterConfigs(broker)
      return objectionToBroker(broker, resourceName) ?? describeBrokerConfigs(broker)
    case ResourceType.brokerLogger:
      return objectionToBroker(broker, resourceName) ?? []
    case ResourceType.clientMetrics:
    case ResourceType.group:
      if (resourceName !== '') return []
      return { error: ErrorCode.INVALID_REQUEST, message: 'The name of the resource is empty.' }
    default:
      return { error: ErrorCode.INVALID_REQUEST, message: `Unsupported resource type: ${resourceType}` }
  }
}

function describeTopic(broker: Broker, name: string): readonly DescribedConfig[] | Failure {
  const objection = objectionToTopicName(name)
  if (objection !== null) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message: objection }
  if (broker.metadata.image.topicByName(name) === undefined) {
    return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: null }
  }
  return describeTopicConfigs(broker, broker.metadata.image.topicConfig(name))
}

function objectionToBroker({ nodeId }: Broker, name: string): Failure | null {
  if (name === String(nodeId)) return null
  const isNumber = /^-?\d+$/.test(name)
  const message = isNumber
    ? `Unexpected broker id, expected ${nodeId}, but received ${name}`
    : `Broker id must be an integer, but it is: ${name}`
  return { error: ErrorCode.INVALID_REQUEST, message }
}
