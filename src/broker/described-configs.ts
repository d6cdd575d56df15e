/**
 * Configurations as DescribeConfigs tells them: the value in force, its source, and everything that would hold without it
 * (Kafka: ConfigHelper, DescribeConfigsResponse.ConfigSource).
 */
import { unitsOf } from '../coordination/config/broker-config.ts'
import { brokerConfigDefinitions } from '../coordination/config/broker-config-definitions.ts'
import { clientMetricsConfigDefinitions } from '../coordination/config/client-metrics-config-definitions.ts'
import { type ConfigType, canonical, definitionOf } from '../coordination/config/definition.ts'
import { groupConfigDefinitions } from '../coordination/config/group-config-definitions.ts'
import { topicConfigDefinitions } from '../coordination/config/topic-config-definitions.ts'
import { ResourceType } from '../coordination/metadata/image.ts'
import type { DescribeConfigsResponse } from '../protocol/generated/api/describe-configs-response.ts'
import type { Broker } from './broker.ts'

export type DescribedConfig = DescribeConfigsResponse['results'][number]['configs'][number]
type Synonym = NonNullable<DescribedConfig['synonyms']>[number]

const Source = { topic: 1, broker: 2, cluster: 3, start: 4, default: 5, clientMetrics: 7, group: 8 } as const

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
    const value = broker.config.topicValue(name, set)
    const own = set.has(name) ? [{ name, value, source: Source.topic }] : []
    const inherited = brokerName === undefined ? [] : synonymsOf(broker, brokerName)
    return described(name, type, value, [...own, ...inherited])
  })
}

export function describeBrokerConfigs(broker: Broker): DescribedConfig[] {
  const told = Object.entries(brokerConfigDefinitions).filter(([, { isInternal }]) => isInternal !== true)
  return told.map(([name, { type, isReadOnly }]) => ({
    ...described(name, type, broker.config.get(name), synonymsOf(broker, name)),
    readOnly: isReadOnly ?? false
  }))
}

/** What was set for all brokers at once, while they run. */
export function describeClusterConfigs(broker: Broker): DescribedConfig[] {
  const set = broker.image.configOf(ResourceType.broker, '')
  return [...set].flatMap(([name, value]) => {
    const definition = definitionOf(name, brokerConfigDefinitions)
    if (definition === undefined) return []
    const synonym = { name, value, source: Source.cluster }
    return [described(name, definition.type, canonical(value, definition), [synonym])]
  })
}

export function describeGroupConfigs(broker: Broker, group: string): DescribedConfig[] {
  const set = broker.image.configOf(ResourceType.group, group)
  return Object.entries(groupConfigDefinitions).map(([name, definition]) => {
    const text = set.get(name)
    const brokerName = definition.brokerName ?? name
    const inherited = brokerName in brokerConfigDefinitions ? synonymsOf(broker, brokerName) : []
    const byDefault = { name: brokerName, value: definition.default, source: Source.default }
    const synonyms = inherited.length > 0 ? inherited : [byDefault]
    const value = text === undefined ? (synonyms[0]?.value ?? null) : canonical(text, definition)
    const own = text === undefined ? [] : [{ name, value, source: Source.group }]
    return described(name, definition.type, value, [...own, ...synonyms])
  })
}

export function describeClientMetricsConfigs(broker: Broker, subscription: string): DescribedConfig[] {
  const set = broker.image.configOf(ResourceType.clientMetrics, subscription)
  return Object.entries(clientMetricsConfigDefinitions).map(([name, definition]) => {
    const text = set.get(name)
    const value = text === undefined ? definition.default : canonical(text, definition)
    const own = text === undefined ? [] : [{ name, value, source: Source.clientMetrics }]
    return described(name, definition.type, value, own)
  })
}

/** The strongest of the synonyms is in force. */
function described(name: string, type: ConfigType, value: string | null, synonyms: Synonym[]): DescribedConfig {
  return {
    name,
    value,
    readOnly: false,
    configSource: synonyms[0]?.source ?? Source.default,
    isSensitive: false,
    synonyms,
    configType: typeNumbers[type],
    documentation: null
  }
}

/**
 * Who says something about a broker's configuration, the strongest first. The same in a coarser unit counts only below the
 * name itself: that is how Kafka tells it.
 */
function synonymsOf(broker: Broker, name: string): Synonym[] {
  const { image } = broker
  const names = unitsOf(name).map(({ brokerName }) => brokerName)
  const synonyms: Synonym[] = []
  const add = (source: number, valueAt: (name: string) => string | null | undefined): void => {
    for (const synonym of names) {
      const value = valueAt(synonym)
      if (value !== undefined && value !== null) synonyms.push({ name: synonym, value, source })
    }
  }
  const ofBroker = image.configOf(ResourceType.broker, String(broker.nodeId))
  const ofCluster = image.configOf(ResourceType.broker, '')
  add(Source.broker, (synonym) => ofBroker.get(synonym))
  add(Source.cluster, (synonym) => ofCluster.get(synonym))
  add(Source.start, (synonym) => broker.config.overrides.get(synonym))
  add(Source.default, (synonym) => definitionOf(synonym, brokerConfigDefinitions)?.default)
  const first = synonyms.findIndex((synonym) => synonym.name === name)
  return first === -1 ? [] : synonyms.slice(first)
}
