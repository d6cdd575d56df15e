/** What is known of a configuration: its type, default and bounds; and how a text is held against them. */

export type ConfigType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list'

export interface ConfigDefinition {
  readonly type: ConfigType
  /** As Kafka writes it; null when there is none. */
  readonly default: string | null
  readonly allowed?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** The broker's configuration that gives the default of a topic's. */
  readonly brokerName?: string
  /** Cannot be changed while the broker runs. */
  readonly isReadOnly?: boolean
}

const wholeBounds: Readonly<Partial<Record<ConfigType, readonly [bigint, bigint]>>> = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n]
}

/** What is wrong with a value, in a sentence; null when nothing is. */
export function objectionTo(name: string, value: string, definition: ConfigDefinition): string | null {
  const bounds = wholeBounds[definition.type]
  if (bounds !== undefined) return objectionToWhole(name, value, definition, bounds)
  if (definition.type === 'double') return objectionToRange(name, value, Number(value), definition)
  if (definition.type === 'boolean' && !/^(true|false)$/i.test(value)) {
    return `Invalid value ${value} for configuration ${name}: it must be true or false.`
  }
  const items = definition.type === 'list' ? listOf(value) : [value]
  const wrong = definition.allowed && items.find((item) => !definition.allowed?.includes(item))
  if (wrong !== undefined) {
    return `Invalid value ${wrong} for configuration ${name}: it must be one of ${definition.allowed?.join(', ')}.`
  }
  return null
}

export function listOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function objectionToWhole(
  name: string,
  value: string,
  definition: ConfigDefinition,
  [least, most]: readonly [bigint, bigint]
): string | null {
  const text = value.trim()
  if (!/^[+-]?\d+$/.test(text)) return `Invalid value ${value} for configuration ${name}: it must be a whole number.`
  const number = BigInt(text)
  if (number < least || number > most)
    return `Invalid value ${value} for configuration ${name}: it is no ${definition.type}.`
  return objectionToRange(name, value, Number(number), definition)
}

function objectionToRange(name: string, value: string, number: number, { min, max }: ConfigDefinition): string | null {
  if (Number.isNaN(number)) return `Invalid value ${value} for configuration ${name}: it must be a number.`
  if (min !== undefined && number < min)
    return `Invalid value ${value} for configuration ${name}: it must be at least ${min}.`
  if (max !== undefined && number > max)
    return `Invalid value ${value} for configuration ${name}: it must be at most ${max}.`
  return null
}
