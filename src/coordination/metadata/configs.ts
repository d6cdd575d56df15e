/**
 * Decides on changes of configurations (Kafka: ConfigurationControlManager): the old way, which replaces all of them, and the
 * incremental way (KIP-339), which sets, deletes, and appends to or subtracts from lists.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { brokerConfigDefinitions } from '../config/broker-config-definitions.ts'
import { type ConfigDefinition, listOf, objectionTo } from '../config/definition.ts'
import { topicConfigDefinitions } from '../config/topic-config-definitions.ts'
import type { StateRecord } from '../coordinator.ts'
import type { TopicFailure } from './create-topics.ts'
import { type ClusterImage, ResourceType } from './image.ts'
import { configRecord } from './records.ts'

/** IncrementalAlterConfigs' operations (AlterConfigOp.OpType). */
export const ConfigOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export interface ConfigChange {
  readonly name: string
  readonly operation: number
  readonly value: string | null
}

export interface ResourceChange {
  readonly type: number
  readonly name: string
  readonly changes: readonly ConfigChange[]
}

export interface ConfigDecision {
  readonly records: readonly StateRecord[]
  readonly result: { readonly error: 0 } | TopicFailure
}

/** What is wrong with the configuration of a new topic; null when nothing is. */
export function objectionToTopicConfig(config: ReadonlyMap<string, string | null>): TopicFailure | null {
  for (const [name, value] of config) {
    const definition = topicConfigDefinitions[name]
    if (definition === undefined)
      return { error: ErrorCode.INVALID_CONFIG, message: `Unknown topic config name: ${name}` }
    if (value === null) {
      return { error: ErrorCode.INVALID_CONFIG, message: `Null value not supported for topic configs: ${name}` }
    }
    const objection = objectionTo(name, value, definition)
    if (objection !== null) return { error: ErrorCode.INVALID_CONFIG, message: objection }
  }
  return null
}

/** AlterConfigs: what is named is set, what is not named goes back to its default. */
export function decideReplacedConfig(
  image: ClusterImage,
  resource: { readonly type: number; readonly name: string; readonly config: ReadonlyMap<string, string | null> },
  defaults: BrokerConfig
): ConfigDecision {
  const changes: ConfigChange[] = []
  for (const [name, value] of resource.config) {
    changes.push({ name, value, operation: value === null ? ConfigOperation.delete : ConfigOperation.set })
  }
  for (const name of image.configOf(resource.type, resource.name).keys()) {
    if (!resource.config.has(name)) changes.push({ name, value: null, operation: ConfigOperation.delete })
  }
  return decideChangedConfig(image, { ...resource, changes }, defaults)
}

export function decideChangedConfig(
  image: ClusterImage,
  resource: ResourceChange,
  defaults: BrokerConfig
): ConfigDecision {
  const failure = objectionToResource(image, resource, defaults)
  if (failure !== null) return { records: [], result: failure }
  const records: StateRecord[] = []
  for (const change of resource.changes) {
    const next = nextValue(image, resource, change, defaults)
    if (typeof next === 'object' && next !== null) return { records: [], result: next }
    const current = image.configOf(resource.type, resource.name).get(change.name) ?? null
    if (next !== current) records.push(configRecord(resource.type, resource.name, change.name, next))
  }
  return { records, result: { error: ErrorCode.NONE } }
}

function objectionToResource(
  image: ClusterImage,
  resource: ResourceChange,
  { nodeId }: BrokerConfig
): TopicFailure | null {
  const names = resource.changes.map(({ name }) => name)
  if (new Set(names).size !== names.length) {
    return { error: ErrorCode.INVALID_REQUEST, message: 'Error due to duplicate config keys' }
  }
  switch (resource.type) {
    case ResourceType.topic:
      if (image.topicByName(resource.name) !== undefined) return null
      return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message: `The topic '${resource.name}' does not exist.` }
    case ResourceType.broker:
      if (resource.name === '' || resource.name === String(nodeId)) return null
      return {
        error: ErrorCode.INVALID_REQUEST,
        message: `Unexpected broker id, expected ${nodeId}, but received ${resource.name}`
      }
    default:
      return {
        error: ErrorCode.INVALID_REQUEST,
        message: `Configurations of resource type ${resource.type} cannot be changed here.`
      }
  }
}

/** The value to write, null to take it back, or what is wrong. */
function nextValue(
  image: ClusterImage,
  resource: ResourceChange,
  change: ConfigChange,
  defaults: BrokerConfig
): string | null | TopicFailure {
  const definition = definitionsOf(resource.type)[change.name]
  if (definition === undefined) {
    const what = resource.type === ResourceType.topic ? 'Unknown topic config name' : 'Unknown broker config name'
    return { error: ErrorCode.INVALID_CONFIG, message: `${what}: ${change.name}` }
  }
  if (definition.isReadOnly) {
    return { error: ErrorCode.INVALID_REQUEST, message: `Cannot update these configs dynamically: ${change.name}` }
  }
  if (change.operation === ConfigOperation.delete) return null
  if (change.value === null) {
    return { error: ErrorCode.INVALID_REQUEST, message: `Null value not supported for : ${change.name}` }
  }
  const wanted = combined(image, resource, change, definition, defaults)
  if (typeof wanted !== 'string') return wanted
  const objection = objectionTo(change.name, wanted, definition)
  return objection === null ? wanted : { error: ErrorCode.INVALID_CONFIG, message: objection }
}

function combined(
  image: ClusterImage,
  resource: ResourceChange,
  { name, operation, value }: ConfigChange,
  definition: ConfigDefinition,
  defaults: BrokerConfig
): string | TopicFailure {
  const given = value ?? ''
  if (operation === ConfigOperation.set) return given
  if (operation !== ConfigOperation.append && operation !== ConfigOperation.subtract) {
    return { error: ErrorCode.INVALID_REQUEST, message: `There is no configuration operation ${operation}.` }
  }
  if (definition.type !== 'list') {
    const word = operation === ConfigOperation.append ? 'append' : 'subtract'
    return { error: ErrorCode.INVALID_CONFIG, message: `Can't ${word} to key ${name} because its type is not LIST.` }
  }
  const inForce = image.configOf(resource.type, resource.name).get(name) ?? defaultOf(resource.type, name, defaults)
  const present = listOf(inForce ?? '')
  const items = listOf(given)
  if (operation === ConfigOperation.subtract) return present.filter((item) => !items.includes(item)).join(',')
  return [...present, ...items.filter((item) => !present.includes(item))].join(',')
}

function defaultOf(type: number, name: string, defaults: BrokerConfig): string | null {
  return type === ResourceType.topic ? defaults.topicDefault(name) : defaults.get(name)
}

function definitionsOf(type: number): Readonly<Record<string, ConfigDefinition>> {
  return type === ResourceType.topic ? topicConfigDefinitions : brokerConfigDefinitions
}
