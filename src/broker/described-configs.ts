/**
 * Configurations as DescribeConfigs tells them: the value in force, its source, and everything that would hold without it
 * (Kafka: ConfigHelper, DescribeConfigsResponse.ConfigSource).
 */
import { brokerConfigDefinitions } from '../coordination/config/broker-config-definitions.ts'
import type { ConfigType } from '../coordination/config/definition.ts'
import { topicConfigDefinitions } from '../coordination/config/topic-config-definitions.ts'
import { ResourceType } from '../coordination/metadata/image.ts'
import type { DescribeConfigsResponse } from '../protocol/generated/api/describe-configs-response.ts'
import type { Broker } from './broker.ts'

export type DescribedConfig = DescribeConfigsResponse['results'][number]['configs'][number]
type Synonym = NonNullable<DescribedConfig['synonyms']>[number]

const Source = { topic: 1, broker: 2, cluster: 3, start: 4, default: 5 } as const

const typeNumbers: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7
}

/** Of a topic that has set these. */
export function describeTopicConfigs(broker: Broker, set: ReadonlyMap<string, string>): DescribedConfig[] {
  return Object.entries(topicConfigDefinitions).map(([name, { type, brokerName }]) => {
    const own = set.get(name)
    const inherited = brokerName === undefined ? [] : synonymsOf(broker, brokerName)
    const synonyms = own === undefined ? inherited : [{ name, value: own, source: Source.topic }, ...inherited]
    return {
      name,
      value: broker.config.topicValue(name, set),
      readOnly: false,
      configSource: synonyms[0]?.source ?? Source.default,
      isSensitive: false,
      synonyms,
      configType: typeNumbers[type],
      documentation: null
    }
  })
}

export function describeBrokerConfigs(broker: Broker): DescribedConfig[] {
  return Object.entries(brokerConfigDefinitions).map(([name, { type, isReadOnly }]) => {
    const synonyms = synonymsOf(broker, name)
    return {
      name,
      value: broker.config.get(name),
      readOnly: isReadOnly ?? false,
      configSource: synonyms[0]?.source ?? Source.default,
      isSensitive: false,
      synonyms,
      configType: typeNumbers[type],
      documentation: null
    }
  })
}

/** What was set for all brokers at once, while they run. */
export function describeClusterConfigs(broker: Broker): DescribedConfig[] {
  const set = broker.metadata.image.configOf(ResourceType.broker, '')
  return describeBrokerConfigs(broker).flatMap((config) => {
    const value = set.get(config.name)
    if (value === undefined) return []
    const synonyms = [{ name: config.name, value, source: Source.cluster }]
    return [{ ...config, value, configSource: Source.cluster, synonyms }]
  })
}

/** Who says something about a broker's configuration, the strongest first. */
function synonymsOf(broker: Broker, name: string): Synonym[] {
  const { image } = broker.metadata
  const synonyms: Synonym[] = []
  const add = (value: string | null | undefined, source: number): void => {
    if (value !== undefined && value !== null) synonyms.push({ name, value, source })
  }
  add(image.configOf(ResourceType.broker, String(broker.nodeId)).get(name), Source.broker)
  add(image.configOf(ResourceType.broker, '').get(name), Source.cluster)
  add(broker.config.overrides.get(name), Source.start)
  add(brokerConfigDefinitions[name]?.default, Source.default)
  return synonyms
}
