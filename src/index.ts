/// <reference lib="esnext.disposable" preserve="true" />
/** Odradek: a Kafka broker inside this process. This file is the whole public surface. */
import { basename, dirname } from 'node:path'
import type { Disk } from './host/disk.ts'
import type { Host } from './host/host.ts'
import { MemoryDisk } from './host/memory/disk.ts'
import { nodeChance } from './host/node/chance.ts'
import { nodeClock } from './host/node/clock.ts'
import { nameDisposal } from './host/node/disposal.ts'
import { nodeDialer, nodeNetwork } from './host/node/network.ts'
import { keepAlive } from './host/node/process.ts'
import { formatAddress, reachableAt } from './server/address.ts'
import { advertisedAddress, checkOpenOptions, checkStartOptions, newTopics } from './server/check-options.ts'
import {
  assertOfOneBroker,
  assertServedBy,
  brokerDirectory,
  controllerDirectory
} from './server/cluster-directories.ts'
import type { KafkaBroker, KafkaOptions, OpenKafkaOptions } from './server/options.ts'
import type { ServedBroker } from './server/served-broker.ts'
import type { ServedCluster } from './server/served-cluster.ts'
import { startServer } from './server/start.ts'
import { callersOf, startErrorOf, withCallers } from './server/start-error.ts'
import type { SharedServer } from './server/takeover/shared-server.ts'

export type { KafkaBroker, KafkaOptions, OpenKafkaOptions, TopicOptions } from './server/options.ts'
export { StartError, type StartProblem } from './server/start-error.ts'

nameDisposal()

export interface Kafka extends AsyncDisposable {
  /** For a client: `new Kafka({ brokers: kafka.brokers })`. */
  readonly brokers: string[]
  readonly host: string
  /** Of the first broker, where there are several. */
  readonly port: number
  /** One of several brokers, by its number from 1 on, to stop, start and kill it. Throws RangeError for one that is not there, or alone. */
  broker(id: number): KafkaBroker
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
    return await staying(() => start(options))
  } catch (error) {
    throw withCallers(error, callers)
  }
}

async function start(options: KafkaOptions): Promise<Kafka> {
  checkStartOptions(options)
  const { brokers = 1, directory } = options
  await refuseOthersData(brokers, directory)
  return brokers === 1 ? await startOne(options) : await startSeveral(options, brokers)
}

async function refuseOthersData(brokers: number, directory: string | undefined): Promise<void> {
  if (directory === undefined) return
  try {
    const disk = await diskFor(directory)
    assertServedBy(brokers, disk)
    assertOfOneBroker(await diskFor(dirname(disk.location)), basename(disk.location))
  } catch (error) {
    throw startErrorOf(error)
  }
}

async function startOne(options: KafkaOptions): Promise<Kafka> {
  const common = commonOptions(options)
  const { onBroken } = options
  const server = await startServer({
    ...common,
    host: await hostFor(options.directory),
    ...(onBroken && { onBroken })
  })
  const { listenHost: host, advertised } = common
  return {
    brokers: [formatAddress(advertised ?? reachableAt(host, server.port))],
    host,
    port: server.port,
    broker: noBrokers,
    stop: () => staying(server.stop),
    [Symbol.asyncDispose]: () => staying(server.stop)
  }
}

/** Starts and stops wait for turns of the loop, too, which keep nothing alive: the process does not end before they are done. */
async function staying<Result>(work: () => Promise<Result>): Promise<Result> {
  const release = keepAlive()
  try {
    return await work()
  } finally {
    release()
  }
}

async function startSeveral(options: KafkaOptions, count: number): Promise<Kafka> {
  const { directory, racks = [] } = options
  const hostIn = (name: string): Promise<Host> => hostFor(directory === undefined ? undefined : `${directory}/${name}`)
  const hosts: Host[] = []
  for (let id = 1; id <= count; id++) hosts.push(await hostIn(brokerDirectory(id)))
  const controllerHost = await hostIn(controllerDirectory)
  const { ServedCluster } = await import('./server/served-cluster.ts')
  const common = commonOptions(options)
  const { onBroken } = options
  const told = { ...(onBroken && { onBroken }) }
  return clusterKafka(
    await ServedCluster.start({ ...common, ...told, hosts, controllerHost, racks }),
    common.listenHost
  )
}

function clusterKafka(cluster: ServedCluster, host: string): Kafka {
  const brokers = [...cluster.brokers.values()].map((broker) => kafkaBroker(broker))
  return {
    brokers: brokers.map(({ address }) => address),
    host,
    port: cluster.port,
    broker(id) {
      const found = brokers.find((broker) => broker.id === id)
      if (found === undefined) throw new RangeError(`There is no broker ${id}; there are 1 to ${brokers.length}.`)
      return found
    },
    stop: () => staying(cluster.stop),
    [Symbol.asyncDispose]: () => staying(cluster.stop)
  }
}

function kafkaBroker(served: ServedBroker): KafkaBroker {
  const { id, rack } = served
  return {
    id,
    rack,
    address: formatAddress(served.address),
    port: served.port,
    get isRunning() {
      return served.isRunning
    },
    stop: () => staying(() => served.stop()),
    start: () => staying(() => served.start()),
    restart: () => staying(() => served.restart()),
    kill: () => staying(() => served.kill())
  }
}

function noBrokers(id: number): never {
  throw new RangeError(
    `There is no broker ${id} to stop: one broker is alone here, and stop() ends it. See the option brokers.`
  )
}

function commonOptions(options: KafkaOptions) {
  return {
    listenHost: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    advertised: advertisedAddress(options),
    durability: options.durability ?? 'disk',
    config: options.config ?? {},
    topics: newTopics(options.topics),
    log: options.log ?? (() => {})
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
    return await staying(() => open(options))
  } catch (error) {
    throw withCallers(error, callers)
  }
}

async function open(options: OpenKafkaOptions): Promise<SharedKafka> {
  checkOpenOptions(options)
  await refuseOthersData(1, options.directory)
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
}

function sharedKafka(shared: SharedServer): SharedKafka {
  const stop = (): Promise<void> => staying(() => shared.stop())
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
    broker: noBrokers,
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
