/**
 * What each type of resource may have as its configuration (Kafka: ControllerConfigurationValidator, ConfigAdminManager,
 * DynamicBrokerConfig). The codes and words are Kafka's, as a running 4.4.0 gives them.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { brokerConfigDefinitions } from '../config/broker-config-definitions.ts'
import { clientMetricsConfigDefinitions } from '../config/client-metrics-config-definitions.ts'
import { type ConfigDefinitions, definitionOf, objectionTo } from '../config/definition.ts'
import { objectionToBrokerGroups, objectionToGroup } from '../config/group-bounds.ts'
import { groupConfigDefinitions } from '../config/group-config-definitions.ts'
import { topicConfigDefinitions } from '../config/topic-config-definitions.ts'
import { type ClusterImage, ResourceType } from './image.ts'
import { objectionToTopicName } from './topic-names.ts'

export interface Refusal {
  readonly error: ErrorCode
  /** Null where Kafka says nothing but the error's name. */
  readonly message: string | null
}

/** Who decides: the image, and the broker with its own settings. */
export interface ConfigScene {
  readonly image: ClusterImage
  readonly nodeId: number
  readonly defaults: BrokerConfig
}

/** A resource's configuration as it would be, and the names that the request speaks of. */
export interface WantedConfig {
  readonly name: string
  readonly config: ReadonlyMap<string, string>
  readonly touched: readonly string[]
}

export interface ConfigRules {
  readonly definitions: ConfigDefinitions
  readonly objectionToWanted: (wanted: WantedConfig, scene: ConfigScene) => Refusal | null
  /** Why nothing can be appended to a configuration; null when it is a list. */
  readonly objectionToAppending: (name: string, word: 'append' | 'subtract') => string | null
}

/** What is wrong with a topic's configuration; null when nothing is. */
export function objectionToTopicConfig(
  config: ReadonlyMap<string, string | null>,
  defaults: BrokerConfig
): Refusal | null {
  const error = ErrorCode.INVALID_CONFIG
  const set = new Map<string, string>()
  const nulls: string[] = []
  for (const [name, value] of config) {
    if (value === null) nulls.push(name)
    else set.set(name, value)
  }
  if (nulls.length > 0) return { error, message: `Null value not supported for topic configs: ${nulls.join(',')}` }
  const wrong = objectionToValues(set, topicConfigDefinitions, 'Unknown topic config name')
  if (wrong !== null) return { error, message: wrong }
  const [least, most] = ['min.compaction.lag.ms', 'max.compaction.lag.ms'].map((name) => defaults.topicValue(name, set))
  if (BigInt(least ?? 0) > BigInt(most ?? 0)) {
    const message = `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`
    return { error, message }
  }
  if (defaults.topicValue('remote.storage.enable', set) !== 'true') return null
  const message =
    'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
  return { error, message }
}

export function configRulesOf(type: number): ConfigRules | undefined {
  return rules.get(type)
}

const notSplittable = (name: string, word: string): string =>
  `Can't ${word.toUpperCase()} to key ${name} because its type is not LIST.`

const topicRules: ConfigRules = {
  definitions: topicConfigDefinitions,
  objectionToAppending: (name, word) =>
    definitionOf(name, topicConfigDefinitions)?.type === 'list' ? null : notSplittable(name, word),
  objectionToWanted({ name, config }, { image, defaults }) {
    if (name === '') return { error: ErrorCode.INVALID_REQUEST, message: 'Default topic resources are not allowed.' }
    const objection = objectionToTopicName(name)
    if (objection !== null) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION, message: objection }
    const wrong = objectionToTopicConfig(config, defaults)
    if (wrong !== null || image.topicByName(name) !== undefined) return wrong
    return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: `The topic '${name}' does not exist.` }
  }
}

const brokerRules: ConfigRules = {
  definitions: brokerConfigDefinitions,
  objectionToAppending(name, word) {
    const definition = definitionOf(name, brokerConfigDefinitions)
    if (definition === undefined) return `Unknown config name: ${name}`
    return definition.type === 'list' ? null : `Config value ${word} is not allowed for config key: ${name}`
  },
  objectionToWanted({ name, config, touched }, { nodeId, defaults }) {
    const stranger = objectionToNode(name, nodeId)
    if (stranger !== null) return stranger
    const set = new Map([...config].filter(([key]) => touched.includes(key)))
    const fixed = [...set.keys()].filter((key) => definitionOf(key, brokerConfigDefinitions)?.isReadOnly)
    const error = ErrorCode.INVALID_REQUEST
    if (fixed.length > 0) return { error, message: `Cannot update these configs dynamically: [${fixed.join(', ')}]` }
    const wrong =
      objectionToValues(set, brokerConfigDefinitions, 'There is no such broker configuration here') ??
      objectionToBrokerGroups((key) => set.get(key) ?? defaults.get(key))
    return wrong === null ? objectionToMinInSyncReplicas(name, config, touched) : { error, message: wrong }
  }
}

/** With eligible leader replicas (KIP-966), which Kafka 4.4 always has, the cluster has one value and brokers have none. */
function objectionToMinInSyncReplicas(
  broker: string,
  config: ReadonlyMap<string, string>,
  touched: readonly string[]
): Refusal | null {
  const key = 'min.insync.replicas'
  const error = ErrorCode.INVALID_CONFIG
  if (broker !== '' && config.has(key)) {
    return { error, message: `Broker-level ${key} cannot be altered while ELR is enabled.` }
  }
  if (broker !== '' || !touched.includes(key) || config.has(key)) return null
  return { error, message: `Cluster-level ${key} cannot be removed while ELR is enabled.` }
}

/** The node that the name of a broker resource means; null when it is no number of 32 bits. */
export function nodeIdNamed(name: string): number | null {
  const id = /^[+-]?\d+$/.test(name) ? Number(name) : Number.NaN
  return id >= -(2 ** 31) && id < 2 ** 31 ? id : null
}

function objectionToNode(name: string, nodeId: number): Refusal | null {
  const error = ErrorCode.INVALID_REQUEST
  if (name === '') return null
  const named = nodeIdNamed(name)
  if (named === null) return { error, message: `Node id must be an integer, but it is: ${name}` }
  if (named === nodeId) return null
  return { error, message: `Unexpected broker id, expected ${nodeId}, but received ${name}` }
}

const groupRules: ConfigRules = {
  definitions: groupConfigDefinitions,
  objectionToAppending: notSplittable,
  objectionToWanted({ name, config }, { defaults }) {
    if (name === '') return { error: ErrorCode.INVALID_REQUEST, message: 'Default group resources are not allowed.' }
    const message =
      objectionToValues(config, groupConfigDefinitions, 'Unknown group config name') ??
      objectionToGroup(config, (broker) => defaults.get(broker))
    return message === null ? null : { error: ErrorCode.INVALID_CONFIG, message }
  }
}

const clientMetricsRules: ConfigRules = {
  definitions: clientMetricsConfigDefinitions,
  objectionToAppending: notSplittable,
  objectionToWanted({ name, config }) {
    const error = ErrorCode.INVALID_REQUEST
    if (name === '') return { error, message: "Subscription name can't be empty" }
    const unknown = [...config.keys()].find((key) => definitionOf(key, clientMetricsConfigDefinitions) === undefined)
    if (unknown !== undefined) return { error, message: `Unknown client metrics configuration: ${unknown}` }
    const wrong = objectionToValues(config, clientMetricsConfigDefinitions, '')
    if (wrong !== null) return { error: ErrorCode.INVALID_CONFIG, message: wrong }
    const interval = Number(config.get('interval.ms') ?? 100)
    if (interval >= 100 && interval <= 3_600_000) return null
    const message = `Invalid value ${interval} for interval.ms, interval must be between 100 and 3600000 (1 hour)`
    return { error, message }
  }
}

/** There are no loggers whose level could be changed. */
const brokerLoggerRules: ConfigRules = {
  definitions: {},
  objectionToAppending: (name, word) => `Operation ${word} is not allowed for logger ${name}`,
  objectionToWanted({ name, touched }, { nodeId }) {
    if (name !== String(nodeId)) {
      const message = `Unexpected node id. Expected ${nodeId}, but received ${name}`
      return { error: ErrorCode.INVALID_REQUEST, message }
    }
    if (touched.length === 0) return null
    return { error: ErrorCode.INVALID_CONFIG, message: `Logger ${touched[0]} does not exist!` }
  }
}

const rules: ReadonlyMap<number, ConfigRules> = new Map([
  [ResourceType.topic, topicRules],
  [ResourceType.broker, brokerRules],
  [ResourceType.brokerLogger, brokerLoggerRules],
  [ResourceType.clientMetrics, clientMetricsRules],
  [ResourceType.group, groupRules]
])

/** A name that does not exist comes before a value that is wrong. */
function objectionToValues(
  config: ReadonlyMap<string, string>,
  definitions: ConfigDefinitions,
  unknown: string
): string | null {
  for (const name of config.keys()) {
    if (definitionOf(name, definitions) === undefined) return `${unknown}: ${name}`
  }
  for (const [name, value] of config) {
    const definition = definitionOf(name, definitions)
    const objection = definition === undefined ? null : objectionTo(name, value, definition)
    if (objection !== null) return objection
  }
  return null
}
