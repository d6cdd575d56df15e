/// <reference lib="esnext.disposable" preserve="true" />
/** Odradek: a Kafka broker inside this process. This file is the whole public surface. */
import type { Disk } from './host/disk.ts'
import type { Host } from './host/host.ts'
import { MemoryDisk } from './host/memory/disk.ts'
import { nodeChance } from './host/node/chance.ts'
import { nodeClock } from './host/node/clock.ts'
import { nodeDialer, nodeNetwork } from './host/node/network.ts'
import { keepAlive } from './host/node/process.ts'
import { formatAddress, reachableAt } from './server/address.ts'
import { advertisedAddress, checkOpenOptions, checkStartOptions, newTopics } from './server/check-options.ts'
import type { KafkaOptions, OpenKafkaOptions } from './server/options.ts'
import { startServer } from './server/start.ts'
import { callersOf, withCallers } from './server/start-error.ts'
import type { SharedServer } from './server/takeover/shared-server.ts'

export type { KafkaOptions, OpenKafkaOptions, TopicOptions } from './server/options.ts'
export { StartError, type StartProblem } from './server/start-error.ts'

export interface Kafka extends AsyncDisposable {
  /** For a client: `new Kafka({ brokers: kafka.brokers })`. */
  readonly brokers: string[]
  readonly host: string
  readonly port: number
  /** Answers what is under way, closes every connection and the data. Doing it twice does no harm. */
  stop(): Promise<void>
}

/** A broker that several processes share. `brokers`, `host` and `port` stay the same when another process takes over, if they can. */
export interface SharedKafka extends Kafka {
  /** True while this process serves the others; false while it uses the broker of another. */
  readonly isServing: boolean
  /** Leaves the directory to the others, one of which takes over when this process served. Doing it twice does no harm. */
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
  const callers = callersOf(startKafka)
  try {
    return await start(options)
  } catch (error) {
    throw withCallers(error, callers)
  }
}

async function start(options: KafkaOptions): Promise<Kafka> {
  checkStartOptions(options)
  const host = options.host ?? '127.0.0.1'
  const advertised = advertisedAddress(options)
  const server = await startServer({
    host: await hostFor(options.directory),
    listenHost: host,
    port: options.port ?? 0,
    advertised,
    durability: options.durability ?? 'disk',
    config: options.config ?? {},
    topics: newTopics(options.topics),
    log: options.log ?? (() => {})
  })
  return {
    brokers: [formatAddress(advertised ?? reachableAt(host, server.port))],
    host,
    port: server.port,
    stop: server.stop,
    [Symbol.asyncDispose]: server.stop
  }
}

/**
 * The broker of a directory, shared by every process that opens it: uses the one that serves the directory already, else
 * serves it in this process, and takes over when the process that served goes away. Resolves when clients can connect; like
 * `startKafka` it never keeps the process alive by itself.
 *
 * Rejects with StartError, as `startKafka` does.
 */
export async function openKafka(options: OpenKafkaOptions): Promise<SharedKafka> {
  const callers = callersOf(openKafka)
  try {
    return await open(options)
  } catch (error) {
    throw withCallers(error, callers)
  }
}

async function open(options: OpenKafkaOptions): Promise<SharedKafka> {
  checkOpenOptions(options)
  const release = keepAlive()
  try {
    const { SharedServer } = await import('./server/takeover/shared-server.ts')
    const shared = await SharedServer.open({
      host: await hostFor(options.directory),
      dialer: nodeDialer,
      wantedPort: options.port ?? 0,
      advertised: null,
      durability: options.durability ?? 'disk',
      config: options.config ?? {},
      topics: newTopics(options.topics),
      log: options.log ?? (() => {})
    })
    return sharedKafka(shared)
  } finally {
    release()
  }
}

function sharedKafka(shared: SharedServer): SharedKafka {
  const stop = async (): Promise<void> => {
    const release = keepAlive()
    await shared.stop().finally(release)
  }
  return {
    get brokers() {
      return [formatAddress(shared.address)]
    },
    get host() {
      return shared.address.host
    },
    get port() {
      return shared.address.port
    },
    get isServing() {
      return shared.isServing
    },
    stop,
    [Symbol.asyncDispose]: stop
  }
}

async function hostFor(directory: string | undefined): Promise<Host> {
  return { disk: await diskFor(directory), clock: nodeClock, chance: nodeChance, network: nodeNetwork }
}

/** The real disk is loaded only by those who use it. */
async function diskFor(directory: string | undefined): Promise<Disk> {
  if (directory === undefined) return new MemoryDisk()
  const { NodeDisk } = await import('./host/node/disk.ts')
  return new NodeDisk(directory)
}
