/** Checks the options of a broker inside a program, types or not: a JavaScript program comes here too. */
import type { NewTopic } from '../coordination/metadata/create-topics.ts'
import { limits } from '../limits.ts'
import { type Address, parseAddress } from './address.ts'
import type { KafkaOptions, OpenKafkaOptions } from './options.ts'
import { StartError } from './start-error.ts'

export function newTopics(topics: KafkaOptions['topics']): NewTopic[] {
  return Object.entries(topics ?? {}).map(([name, wanted]) => {
    const { partitions = -1, config = {} } = typeof wanted === 'number' ? { partitions: wanted } : wanted
    return { name, partitions, replicationFactor: -1, assignments: [], config: new Map(Object.entries(config)) }
  })
}

const optionsOf = {
  startKafka: [
    'directory',
    'host',
    'port',
    'brokers',
    'racks',
    'advertise',
    'durability',
    'topics',
    'config',
    'log',
    'onBroken'
  ],
  openKafka: ['directory', 'port', 'durability', 'topics', 'config', 'log']
} as const

const nameTheShared = 'Name the one that is shared.'

/** What is wrong is told before anything is begun: throws StartError 'bad-option'. */
export function checkStartOptions(options: KafkaOptions): void {
  if (!isObject(options)) throw new StartError('bad-option', 'startKafka takes an object of options, or nothing.')
  refuse('startKafka', objectionTo(options, optionsOf.startKafka) ?? objectionToBrokers(options))
}

/** The same for those of `openKafka`. */
export function checkOpenOptions(options: OpenKafkaOptions): void {
  if (!isObject(options)) throw new StartError('bad-option', "openKafka takes an object: { directory: './data' }.")
  if (options.directory === undefined) refuse('openKafka', { option: 'directory', why: nameTheShared })
  refuse('openKafka', objectionTo(options, optionsOf.openKafka))
}

/** Throws StartError when `advertise` is given and no address. */
export function advertisedAddress({ advertise, brokers = 1 }: KafkaOptions): Address | null {
  if (advertise === undefined) return null
  const address = parseAddress(advertise)
  if (address === null)
    refuse('startKafka', { option: 'advertise', why: `'${advertise}' is not like 'localhost:9092' or '[::1]:9092'.` })
  else if (address.port + brokers - 1 > 65_535)
    refuse('startKafka', { option: 'advertise', why: `${brokers} brokers have the ports from ${address.port} on.` })
  return address
}

interface Objection {
  readonly option: string
  readonly why: string
}

function refuse(caller: keyof typeof optionsOf, objection: Objection | null): void {
  if (objection === null) return
  const { option, why } = objection
  throw new StartError('bad-option', `The option ${option} of ${caller} is wrong. ${why}`)
}

function objectionTo(options: KafkaOptions, known: readonly string[]): Objection | null {
  const stranger = Object.keys(options).find((name) => !known.includes(name))
  if (stranger !== undefined)
    return { option: stranger, why: `There is no such option. There are: ${known.join(', ')}.` }
  const { port = 0, durability = 'disk', directory, host, log, onBroken, config, topics } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return {
      option: 'port',
      why: `${typeof port === 'number' ? port : `A ${typeof port}`} is not a whole number from 0 to 65535.`
    }
  if (durability !== 'disk' && durability !== 'os')
    return { option: 'durability', why: `${String(durability)} is neither 'disk' nor 'os'.` }
  if (directory !== undefined && !isText(directory)) return { option: 'directory', why: noDirectory(known) }
  if (host !== undefined && !isText(host))
    return { option: 'host', why: "It is an address of this machine: '127.0.0.1'." }
  if (log !== undefined && typeof log !== 'function')
    return { option: 'log', why: 'It is a function that takes a line.' }
  if (onBroken !== undefined && typeof onBroken !== 'function')
    return { option: 'onBroken', why: 'It is a function that takes an error.' }
  return (
    (config === undefined ? null : objectionToConfig('config', config)) ??
    (topics === undefined ? null : objectionToTopics(topics))
  )
}

function objectionToBrokers({ brokers = 1, racks, port = 0, config = {} }: KafkaOptions): Objection | null {
  const most = limits.brokersPerProcess
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > most)
    return {
      option: 'brokers',
      why: `${typeof brokers === 'number' ? brokers : `A ${typeof brokers}`} is not a whole number from 1 to ${most}.`
    }
  if (port + brokers - 1 > 65_535 && port !== 0)
    return { option: 'port', why: `${brokers} brokers have the ports from ${port} on, and 65535 is the last.` }
  const named = ['node.id', 'broker.id', 'broker.rack'].find((name) => name in config)
  if (brokers > 1 && named !== undefined)
    return { option: 'config', why: `${named} is that of one broker; several have the ids from 1 on, and racks.` }
  if (racks === undefined) return null
  if (brokers === 1)
    return { option: 'racks', why: 'One broker has no others to be apart from; see the option brokers.' }
  if (!Array.isArray(racks) || racks.length !== brokers || !racks.every(isText))
    return { option: 'racks', why: `It is a list of a name for each broker, and there are ${brokers}.` }
  return null
}

function noDirectory(known: readonly string[]): string {
  if (known === optionsOf.openKafka) return nameTheShared
  return 'Name a directory, or leave it out to keep everything in memory.'
}

function objectionToConfig(option: string, config: unknown): Objection | null {
  if (!isObject(config)) return { option, why: "It is an object of names and values: { 'retention.ms': '3600000' }." }
  const wrong = Object.entries(config).find(([, value]) => typeof value !== 'string')
  if (wrong === undefined) return null
  const [name, value] = wrong
  return {
    option,
    why: `The value of ${name} is ${String(value)}; Kafka's configuration is text: '${String(value)}'.`
  }
}

function objectionToTopics(topics: unknown): Objection | null {
  const option = 'topics'
  if (!isObject(topics)) return { option, why: 'It is an object of names and partitions: { orders: 3 }.' }
  for (const [name, wanted] of Object.entries(topics)) {
    if (typeof wanted !== 'number' && !isObject(wanted))
      return { option, why: `${name} is neither a number of partitions nor { partitions, config }.` }
    const topic: Record<string, unknown> = typeof wanted === 'number' ? { partitions: wanted } : { ...wanted }
    const { partitions, config, ...others } = topic
    const [stranger] = Object.keys(others)
    if (stranger !== undefined) return { option, why: `${name} has ${stranger}; a topic has partitions and config.` }
    if (partitions !== undefined && (!Number.isInteger(partitions) || Number(partitions) < 1))
      return { option, why: `${name} has ${String(partitions)} partitions; it takes a whole number from 1.` }
    const objection = config === undefined ? null : objectionToConfig(option, config)
    if (objection !== null) return objection
  }
  return null
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
