/**
 * What is known of a configuration: its type, default and bounds; and how a text is held against them. The words of a refusal
 * are Kafka's (ConfigDef, ConfigException), because tools and people search for them.
 */

export type ConfigType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list'

export interface ConfigDefinition {
  readonly type: ConfigType
  /** As Kafka writes it; null when there is none. */
  readonly default: string | null
  readonly allowed?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** What the bounds cannot say: what is wrong with a value, in a sentence; null when nothing is. */
  readonly check?: (value: string, name: string) => string | null
  /** The broker's configuration that gives the default of a topic's or a group's. */
  readonly brokerName?: string
  /** Cannot be changed while the broker runs. */
  readonly isReadOnly?: boolean
  /** Kafka takes it, and tells nobody of it. */
  readonly isInternal?: boolean
  /** Another value than the default would do nothing, and is refused: what holds instead, in a sentence. */
  readonly noEffect?: string
}

const wholeBounds: Readonly<Partial<Record<ConfigType, readonly [bigint, bigint]>>> = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n]
}

export type ConfigDefinitions = Readonly<Record<string, ConfigDefinition>>

/** Names come from outside: `constructor` is none of ours. */
export function definitionOf(name: string, definitions: ConfigDefinitions): ConfigDefinition | undefined {
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined
}

/** What is wrong with a value, in a sentence; null when nothing is. */
export function objectionTo(name: string, value: string, definition: ConfigDefinition): string | null {
  const objection = objectionToType(name, value, definition) ?? definition.check?.(value.trim(), name) ?? null
  if (objection !== null || definition.noEffect === undefined) return objection
  if (canonical(value, definition) === definition.default) return null
  return `${name} has no effect here, so that only its default is taken. ${definition.noEffect}`
}

/** A value that nothing is wrong with, as Kafka writes it: without space around it, numbers and booleans in one form. */
export function canonical(value: string, { type }: ConfigDefinition): string {
  if (wholeBounds[type] !== undefined) return String(BigInt(value.trim().replace(/^\+/, '')))
  if (type === 'boolean') return value.trim().toLowerCase()
  if (type === 'double') return doubleText(Number(value))
  return type === 'list' ? listOf(value).join(',') : value.trim()
}

export function listOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

export function invalid(name: string, value: string, why: string): string {
  return `Invalid value ${value} for configuration ${name}: ${why}`
}

/** What is wrong with a number that is to lie between two, in the words that Kafka has for groups. */
export function outOfRange(name: string, value: string, least: number, most: number): string | null {
  const isWithin = Number(value) >= least && Number(value) <= most
  return isWithin ? null : `${name} must be in the range ${least} to ${most} inclusive.`
}

/** Kafka's own range for gzip's levels: 1 to 9, and -1 for the library's choice. */
export function checkGzipLevel(value: string, name: string): string | null {
  const level = Number(value)
  return level === -1 || (level >= 1 && level <= 9)
    ? null
    : invalid(name, value, 'Value must be between 1 and 9 or equal to -1')
}

function objectionToType(name: string, value: string, definition: ConfigDefinition): string | null {
  const bounds = wholeBounds[definition.type]
  if (bounds !== undefined) return objectionToWhole(name, value, definition, bounds)
  if (definition.type === 'double') return objectionToDouble(name, value, definition)
  if (definition.type === 'boolean') {
    return /^(true|false)$/i.test(value.trim())
      ? null
      : invalid(name, value, 'Expected value to be either true or false')
  }
  if (definition.type === 'list' && value.trim() !== '' && value.split(',').some((item) => item.trim() === '')) {
    return `Configuration '${name}' values must not be empty.`
  }
  const items = definition.type === 'list' ? listOf(value) : [value.trim()]
  const wrong = definition.allowed && items.find((item) => !definition.allowed?.includes(item))
  if (wrong === undefined) return null
  return invalid(name, wrong, `String must be one of: ${definition.allowed?.join(', ')}`)
}

function objectionToWhole(
  name: string,
  value: string,
  definition: ConfigDefinition,
  [least, most]: readonly [bigint, bigint]
): string | null {
  const text = value.trim()
  const number = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : null
  if (number === null || number < least || number > most) {
    return invalid(name, value, `Not a number of type ${definition.type.toUpperCase()}`)
  }
  return objectionToRange(name, String(number), Number(number), definition)
}

function objectionToDouble(name: string, value: string, definition: ConfigDefinition): string | null {
  const number = Number(value)
  if (value.trim() === '' || Number.isNaN(number)) return invalid(name, value, 'Not a number of type DOUBLE')
  return objectionToRange(name, doubleText(number), number, definition)
}

function objectionToRange(name: string, text: string, number: number, { min, max }: ConfigDefinition): string | null {
  if (min !== undefined && number < min) return invalid(name, text, `Value must be at least ${min}`)
  if (max !== undefined && number > max) return invalid(name, text, `Value must be no more than ${max}`)
  return null
}

/** As Java writes a double: 2.0, not 2, and 1.0E7 from there on. */
function doubleText(number: number): string {
  if (!Number.isFinite(number)) return String(number)
  const size = Math.abs(number)
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(number) ? `${number}.0` : String(number)
  const [digits = '', exponent] = number.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}
