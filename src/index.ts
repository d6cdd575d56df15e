/** Odradek: a Kafka broker inside this process. This file is the whole public surface. */
import type { NewTopic } from './coordination/metadata/create-topics.ts'
import type { Disk } from './host/disk.ts'
import { MemoryDisk } from './host/memory/disk.ts'
import { nodeChance } from './host/node/chance.ts'
import { nodeClock } from './host/node/clock.ts'
import { nodeNetwork } from './host/node/network.ts'
import { startServer } from './server/start.ts'
import { StartError } from './server/start-error.ts'

export { StartError, type StartProblem } from './server/start-error.ts'

export interface KafkaOptions {
  /** Where the data lives, in Kafka's own files. Without it everything is in memory and gone with `stop()`. */
  readonly directory?: string
  /** The address to listen on. Default: 127.0.0.1, so that only this machine can connect. */
  readonly host?: string
  /** The port to listen on. Default: 0, any free one. */
  readonly port?: number
  /** 'host:port' that clients are told to come back to, when it is not where they came in (containers, tunnels). */
  readonly advertise?: string
  /**
   * When a record sent with acks=all is acknowledged. 'disk' (default): once it is synced and survives a power cut. 'os': once
   * the operating system has it, as Apache Kafka does by default. In memory there is no difference.
   */
  readonly durability?: 'disk' | 'os'
  /** Topics to make: the number of partitions, or that and Kafka's topic configuration. Those that exist are left as they are. */
  readonly topics?: Readonly<Record<string, number | TopicOptions>>
  /** Kafka's broker configuration, by its names: `{ 'num.partitions': '3' }`. */
  readonly config?: Readonly<Record<string, string>>
  /** Gets a line when a connection was ended for what it sent. Default: nobody is told. */
  readonly log?: (line: string) => void
}

export interface TopicOptions {
  /** Default: num.partitions, which is 1. */
  readonly partitions?: number
  /** Kafka's topic configuration, by its names: `{ 'retention.ms': '3600000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

export interface Kafka extends AsyncDisposable {
  /** For a client: `new Kafka({ brokers: kafka.brokers })`. */
  readonly brokers: string[]
  readonly host: string
  readonly port: number
  /** Answers what is under way, closes every connection and the data. Doing it twice does no harm. */
  stop(): Promise<void>
}

/**
 * Starts a broker in this process and resolves when clients can connect. It never keeps the process alive by itself; several
 * in one process do not meet.
 *
 * Rejects with StartError: `problem` says what kind ('port-in-use', 'directory-in-use', 'bad-option', …), the message what
 * happened and what to do.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  checkOptions(options)
  const host = options.host ?? '127.0.0.1'
  const advertised = options.advertise === undefined ? null : parseAddress(options.advertise)
  const server = await startServer({
    host: { disk: await diskFor(options.directory), clock: nodeClock, chance: nodeChance, network: nodeNetwork },
    listenHost: host,
    port: options.port ?? 0,
    advertised,
    durability: options.durability ?? 'disk',
    config: options.config ?? {},
    topics: Object.entries(options.topics ?? {}).map(newTopic),
    log: options.log ?? (() => {})
  })
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const address = advertised ?? { host: reachable, port: server.port }
  return {
    brokers: [address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`],
    host,
    port: server.port,
    stop: server.stop,
    [Symbol.asyncDispose]: server.stop
  }
}

/** The real disk is loaded only by those who use it. */
async function diskFor(directory: string | undefined): Promise<Disk> {
  if (directory === undefined) return new MemoryDisk()
  const { NodeDisk } = await import('./host/node/disk.ts')
  return new NodeDisk(directory)
}

function newTopic([name, wanted]: [string, number | TopicOptions]): NewTopic {
  const { partitions = -1, config = {} } = typeof wanted === 'number' ? { partitions: wanted } : wanted
  return { name, partitions, replicationFactor: -1, assignments: [], config: new Map(Object.entries(config)) }
}

const known: ReadonlySet<string> = new Set([
  'directory',
  'host',
  'port',
  'advertise',
  'durability',
  'topics',
  'config',
  'log'
])

/** Programs without types come here too: what is wrong is told before anything is begun. */
function checkOptions(options: KafkaOptions): void {
  if (!isObject(options)) throw new StartError('bad-option', 'startKafka takes an object of options, or nothing.')
  const stranger = Object.keys(options).find((name) => !known.has(name))
  if (stranger !== undefined) throw badOption(stranger, `There is no such option. There are: ${[...known].join(', ')}.`)
  const { port = 0, durability = 'disk', directory, host, log } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw badOption('port', `${port} is not a whole number from 0 to 65535.`)
  if (durability !== 'disk' && durability !== 'os')
    throw badOption('durability', `${String(durability)} is neither 'disk' nor 'os'.`)
  if (directory !== undefined && !isText(directory))
    throw badOption('directory', 'Name a directory, or leave it out to keep everything in memory.')
  if (host !== undefined && !isText(host)) throw badOption('host', "It is an address of this machine: '127.0.0.1'.")
  if (log !== undefined && typeof log !== 'function') throw badOption('log', 'It is a function that takes a line.')
  if (options.config !== undefined) checkConfig('config', options.config)
  if (options.topics !== undefined) checkTopics(options.topics)
}

function checkConfig(option: string, config: unknown): void {
  if (!isObject(config)) throw badOption(option, "It is an object of names and values: { 'retention.ms': '3600000' }.")
  const wrong = Object.entries(config).find(([, value]) => typeof value !== 'string')
  if (wrong === undefined) return
  const [name, value] = wrong
  throw badOption(
    option,
    `The value of ${name} is ${String(value)}; Kafka's configuration is text: '${String(value)}'.`
  )
}

function checkTopics(topics: unknown): void {
  if (!isObject(topics)) throw badOption('topics', 'It is an object of names and partitions: { orders: 3 }.')
  for (const [name, wanted] of Object.entries(topics)) {
    if (typeof wanted !== 'number' && !isObject(wanted))
      throw badOption('topics', `${name} is neither a number of partitions nor { partitions, config }.`)
    const topic: Record<string, unknown> = typeof wanted === 'number' ? { partitions: wanted } : { ...wanted }
    const { partitions, config, ...others } = topic
    const [stranger] = Object.keys(others)
    if (stranger !== undefined) throw badOption('topics', `${name} has ${stranger}; a topic has partitions and config.`)
    if (partitions !== undefined && (!Number.isInteger(partitions) || Number(partitions) < 1))
      throw badOption('topics', `${name} has ${String(partitions)} partitions; it takes a whole number from 1.`)
    if (config !== undefined) checkConfig('topics', config)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function parseAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw badOption('advertise', `'${text}' is not like 'localhost:9092' or '[::1]:9092'.`)
  return { host, port: Number(port) }
}

function badOption(name: string, why: string): StartError {
  return new StartError('bad-option', `The option ${name} of startKafka is wrong. ${why}`)
}
