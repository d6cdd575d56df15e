/**
 * Decides on changes of configurations (Kafka: ConfigurationControlManager): the old way, which replaces all of them, and the
 * incremental way (KIP-339), which sets, deletes, and appends to or subtracts from lists. A resource changes as a whole or
 * not at all.
 */
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { listOf } from '../config/definition.ts'
import type { StateRecord } from '../coordinator.ts'
import { type ConfigRules, type ConfigScene, configRulesOf, type Refusal } from './config-rules.ts'
import { ResourceType } from './image.ts'
import { clearElrRecord, configRecord } from './records.ts'

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

export interface ResourceReplacement {
  readonly type: number
  readonly name: string
  readonly config: readonly { readonly name: string; readonly value: string | null }[]
}

export interface ConfigDecision {
  readonly records: readonly StateRecord[]
  readonly result: { readonly error: 0 } | Refusal
}

/** AlterConfigs: what is named is set, what is not named goes back to its default. */
export function decideReplacedConfig(scene: ConfigScene, { type, name, config }: ResourceReplacement): ConfigDecision {
  if (type === ResourceType.brokerLogger) return refuseChange(unknownType(type))
  const named = new Set(config.map((entry) => entry.name))
  const present = [...scene.image.configOf(type, name).keys()]
  const changes = [
    ...config.map((entry) => ({ ...entry, operation: ConfigOperation.set })),
    ...present
      .filter((key) => !named.has(key))
      .map((key) => ({ name: key, value: null, operation: ConfigOperation.delete }))
  ]
  return decideChangedConfig(scene, { type, name, changes })
}

export function decideChangedConfig(scene: ConfigScene, resource: ResourceChange): ConfigDecision {
  const refusal = objectionToRequest(resource)
  if (refusal !== null) return refuseChange(refusal)
  const rules = configRulesOf(resource.type)
  if (rules === undefined) return refuseChange(unknownType(resource.type))
  const present = scene.image.configOf(resource.type, resource.name)
  const config = changed(present, resource, rules, scene)
  if ('error' in config) return refuseChange(config)
  const noRoom = present.size === 0 && config.size > 0 ? objectionToOneMore(scene, resource) : null
  if (noRoom !== null) return refuseChange(noRoom)
  const touched = resource.changes.map(({ name }) => name)
  const objection = rules.objectionToWanted({ name: resource.name, config, touched }, scene)
  if (objection !== null) return refuseChange(objection)
  const others = touched.filter((name) => config.get(name) !== present.get(name))
  const records = others.map((name) => configRecord(resource.type, resource.name, name, config.get(name) ?? null))
  return { records: [...records, ...clearedLeaders(scene, resource, others)], result: { error: ErrorCode.NONE } }
}

/**
 * Who is eligible to lead has everything as long as fewer are in sync than there must be, for then nothing is committed. With
 * another minimum that does not hold (KIP-966; Kafka: ConfigurationControlManager.createClearElrRecordsAsNeeded).
 */
function clearedLeaders(
  { image }: ConfigScene,
  { type, name }: ResourceChange,
  changedNames: readonly string[]
): StateRecord[] {
  const isConcerned = changedNames.includes('min.insync.replicas')
  const remembers = (image.features.get('eligible.leader.replicas.version') ?? 0) >= 1
  const isOfTopics = type === ResourceType.topic || type === ResourceType.broker
  return isConcerned && remembers && isOfTopics ? [clearElrRecord(type === ResourceType.topic ? name : '')] : []
}

function refuseChange(result: Refusal): ConfigDecision {
  return { records: [], result }
}

/** The one more is of a resource that anybody may name. */
function objectionToOneMore({ image }: ConfigScene, { type, name }: ResourceChange): Refusal | null {
  if (type === ResourceType.topic) return null
  const error = ErrorCode.POLICY_VIOLATION
  if (Buffer.byteLength(name) > limits.idBytes) return { error, message: 'The name of the resource is too long.' }
  if (image.configuredCount - image.topicCount < limits.configuredResources) return null
  return {
    error,
    message: `More than ${limits.configuredResources} resources would have a configuration of their own.`
  }
}

function unknownType(type: number): Refusal {
  return { error: ErrorCode.INVALID_REQUEST, message: `Unknown resource type ${type}` }
}

/** What can be said of the request without knowing what there is. */
function objectionToRequest({ changes }: ResourceChange): Refusal | null {
  const error = ErrorCode.INVALID_REQUEST
  const names = changes.map(({ name }) => name)
  if (new Set(names).size !== names.length) return { error, message: 'Error due to duplicate config keys' }
  const nulls = changes.filter(({ operation, value }) => operation !== ConfigOperation.delete && value === null)
  if (nulls.length > 0) {
    return { error, message: `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}` }
  }
  const known: readonly number[] = Object.values(ConfigOperation)
  const odd = changes.find(({ operation }) => !known.includes(operation))
  return odd === undefined ? null : { error, message: `Unknown operations type ${odd.operation}` }
}

/** The configuration after the change, or why it cannot be changed so. */
function changed(
  present: ReadonlyMap<string, string>,
  resource: ResourceChange,
  rules: ConfigRules,
  scene: ConfigScene
): ReadonlyMap<string, string> | Refusal {
  const config = new Map(present)
  for (const { name, operation, value } of resource.changes) {
    if (operation === ConfigOperation.delete) config.delete(name)
    else if (operation === ConfigOperation.set) config.set(name, value ?? '')
    else {
      const word = operation === ConfigOperation.append ? 'append' : 'subtract'
      const message = rules.objectionToAppending(name, word)
      if (message !== null) return { error: ErrorCode.INVALID_CONFIG, message }
      config.set(name, combined(word, present.get(name) ?? defaultOf(resource.type, name, scene), value ?? ''))
    }
  }
  return config
}

function combined(word: 'append' | 'subtract', inForce: string | null, given: string): string {
  const present = listOf(inForce ?? '')
  // Not cleaned up: an empty item is the caller's mistake, and is told.
  const items = given.split(',').map((item) => item.trim())
  if (word === 'subtract') return present.filter((item) => !items.includes(item)).join(',')
  return [...present, ...items.filter((item) => !present.includes(item))].join(',')
}

function defaultOf(type: number, name: string, { defaults }: ConfigScene): string | null {
  return type === ResourceType.topic ? defaults.topicDefault(name) : defaults.get(name)
}
