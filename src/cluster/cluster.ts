/**
 * A controller and its brokers in this process. One broker is the case of one: its directory has the metadata log as well, as that of
 * Kafka's combined node has; with several the controller has a directory of its own.
 *
 * A broker comes in four steps: it opens its storage, follows the controller and opens its logs, registers, and takes part. It goes by
 * handing over what it leads (a stop), or without a word (a kill).
 */
import { Broker } from '../broker/broker.ts'
import { assertControllerIsThere } from '../broker/lost-metadata.ts'
import { Storage } from '../broker/storage.ts'
import type { Controller } from '../controller/controller.ts'
import { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { BrokerEndpoint } from '../coordination/metadata/broker-image.ts'
import { randomUuid } from '../host/chance.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { InvariantError, wholeStory } from '../invariant.ts'
import type { Durability } from '../log/types.ts'
import { BrokerLife } from './broker-life.ts'
import { Channel, type Transport } from './channel.ts'
import { ControllerHome } from './controller-home.ts'

/** A broker as it is started, the first time or again. */
export interface BrokerStart {
  /** For this life of it. */
  readonly host: Host
  /** Null: as its directory says, or as it is configured. */
  readonly nodeId: number | null
  readonly rack: string | null
  /** Where the other brokers' clients find it; null where there are no others. */
  readonly endpoint: { readonly host: string; readonly port: number } | null
  /** Where clients are told to come back to; null: where they came in. */
  readonly advertised: { readonly host: string; readonly port: number } | null
  /** Gives the directory free, which was taken before (`DataDirectory.take`); without it the broker takes it. */
  readonly unlock?: () => void
  /** Of this life of it; that of the cluster without it. */
  readonly log?: (line: string) => void
}

export interface ClusterOptions {
  readonly brokers: readonly [BrokerStart, ...BrokerStart[]]
  /** Of the controller, where it has a directory of its own: where there are several brokers. */
  readonly controllerHost?: Host
  readonly durability: Durability
  /** Kafka's broker configuration names and values; what is not named has its default. */
  readonly config: Readonly<Record<string, string>>
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
  /** The directories can be served, and recovery, which may take long, comes next. Nothing in them has been changed so far. */
  readonly onAccepted?: () => void
  /** A broker has stopped itself: see `BrokerOptions.onBroken`. Others lead what it led, where there are others. */
  readonly onBroken?: (nodeId: number, reason: Error) => void
  /** The controller has, of several brokers, and with it all of them. */
  readonly onControllerBroken?: (reason: Error) => void
  /** How messages between brokers, and between them and the controller, travel; at once without it. */
  readonly transport?: Transport
}

/** The node id of a controller with a directory of its own, behind those of any number of brokers that fits one process. */
const controllerNodeId = 1000

export class Cluster {
  readonly #options: ClusterOptions
  readonly #config: BrokerConfig
  readonly #home: ControllerHome
  readonly #channel: Channel
  readonly #brokers = new Map<number, Broker>()
  /** The life of each broker that is there, or comes: what an earlier one still does after its end concerns nobody. */
  readonly #lives = new Map<number, BrokerLife>()

  /**
   * Opens the directories, replays what the cluster knows, opens every log, and elects leaders.
   * Rejects with ConfigError for a wrong setting, DiskError when a directory cannot be used or is damaged; nothing is left open then.
   */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { brokers, controllerHost } = options
    const config = BrokerConfig.parse(withDefaults(options.config, brokers.length))
    const opened: Storage[] = []
    let cluster: Cluster | null = null
    const open = (
      { host, log = options.log, unlock }: Pick<BrokerStart, 'host' | 'log' | 'unlock'>,
      nodeId: number | null,
      clusterId: string | null
    ): Storage => {
      const identity = { nodeId, clusterId }
      const { durability } = options
      const storage = Storage.open({ host, identity, durability, config, log, ...(unlock && { unlock }) })
      opened.push(storage)
      return storage
    }
    const disks = brokers.map(({ host }) => host.disk)
    if (controllerHost !== undefined) assertControllerIsThere(controllerHost.disk, disks)
    try {
      const own = controllerHost === undefined ? null : open({ host: controllerHost }, controllerNodeId, null)
      const clusterId = own?.directory.clusterId ?? null
      const storages = brokers.map((start) => open(start, start.nodeId, clusterId))
      const onBroken = (reason: InvariantError | DiskError): void => {
        if (cluster !== null) cluster.#controllerBroke(reason)
      }
      const home = new ControllerHome(own ?? storages[0] ?? fail(), storages, config, { log: options.log, onBroken })
      cluster = new Cluster(options, config, home)
      // Up to here nothing that another broker left has been changed.
      options.onAccepted?.()
      for (const storage of opened) await storage.accept()
      await home.begin()
      await cluster.#startTogether(brokers, storages)
      return cluster
    } catch (error) {
      if (cluster !== null) cluster.#abandon()
      for (const storage of opened) storage.abandon()
      throw error
    }
  }

  private constructor(options: ClusterOptions, config: BrokerConfig, home: ControllerHome) {
    this.#options = options
    this.#config = config
    this.#home = home
    const { transport = null } = options
    this.#channel = new Channel({ controller: home.controller, clock: home.clock, transport })
  }

  get controller(): Controller {
    return this.#home.controller
  }

  /** Those that live, by their node ids. */
  get brokers(): ReadonlyMap<number, Broker> {
    return this.#brokers
  }

  /** One that lives; where there is one broker, that one. */
  get broker(): Broker {
    const [first] = this.#brokers.values()
    return first ?? fail()
  }

  /** A broker that had stopped, or was killed, comes back, perhaps with another disk. Rejects with DiskError; it is not there then. */
  async startBroker(start: BrokerStart): Promise<Broker> {
    const { durability, log: clusterLog } = this.#options
    const { host, log = clusterLog } = start
    const identity = { nodeId: start.nodeId, clusterId: this.#home.clusterId }
    const storage = Storage.open({ host, identity, durability, config: this.#config, log })
    const life = this.#begin(storage)
    let broker: Broker | null = null
    try {
      await life.during(storage.accept())
      broker = await this.#open(start, storage, life)
      const epoch = await life.during(this.#register(start, storage))
      broker.serve(epoch)
      await life.during(broker.takePart())
      return broker
    } catch (error) {
      // What was said of it is taken back, where the controller can.
      if (!life.isOver) await this.lostBroker(storage.nodeId).catch(() => {})
      broker?.abandon()
      storage.abandon()
      throw error
    }
  }

  /** Others lead what it led, as far as there are others; then its logs are closed cleanly. `drained` comes between the two. */
  async stopBroker(nodeId: number, drained: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const broker = this.#brokers.get(nodeId)
    const life = this.#lives.get(nodeId)
    if (broker === undefined || life === undefined) return
    await life.during(this.controller.brokers.shutDown(nodeId))
    broker.release()
    await life.during(drained())
    this.#forget(life)
    try {
      await this.#home.fence(nodeId)
    } finally {
      await broker.stop()
    }
  }

  /** Its host was taken back, perhaps while it came or went. Resolves when others lead what it led. */
  async lostBroker(nodeId: number): Promise<void> {
    const life = this.#lives.get(nodeId)
    if (life === undefined) return
    this.#forget(life)
    await this.#home.fence(nodeId)
  }

  /** Waits for the requests in flight, and closes every log cleanly. The directories are free afterwards, whatever happens. */
  async stop(): Promise<void> {
    const brokers = [...this.#brokers.values()]
    // Acknowledgements that are under way depend on all of them.
    await Promise.allSettled(brokers.map((broker) => this.#lives.get(broker.nodeId)?.during(broker.drain())))
    for (const life of [...this.#lives.values()]) this.#forget(life)
    const stopped = await Promise.allSettled(brokers.map((broker) => broker.stop()))
    await this.#home.close()
    for (const one of stopped) if (one.status === 'rejected') throw one.reason
  }

  /** The start has failed: nothing of it goes on. */
  #abandon(): void {
    for (const broker of this.#brokers.values()) broker.abandon()
    this.#home.abandon()
  }

  /** Nobody leads before all are there: a broker that is a little later must not lose its place. */
  async #startTogether(starts: readonly BrokerStart[], storages: readonly Storage[]): Promise<void> {
    const ready: ReadyBroker[] = []
    const lives = storages.map((storage) => this.#begin(storage))
    for (const [index, storage] of storages.entries()) {
      const [start = fail(), life = fail()] = [starts[index], lives[index]]
      try {
        const broker = await this.#open(start, storage, life)
        ready.push({ life, broker, epoch: await life.during(this.#register(start, storage)) })
      } catch (error) {
        // One that has stopped itself does not keep the others from serving.
        if (!life.isOver) throw error
      }
    }
    const there = ready.filter(({ life }) => !life.isOver)
    if (there.length === 0) throw new Error('every broker has stopped itself while it started')
    await this.controller.brokers.begin(there.map(({ broker }) => broker.nodeId))
    for (const { life, broker, epoch } of there) {
      if (life.isOver) continue
      // When it has heard of the new epochs: in the old one it may have less than its followers.
      this.#channel.tell(broker.nodeId, () => broker.serve(epoch))
      // A lone broker ends with its controller: nobody listens.
      if (storages.length > 1) broker.beginHeartbeats()
    }
    // The directories were held against the topics that were deleted; of several brokers one may come back later and ask.
    if (storages.length === 1) this.controller.image.forgetRemoved()
    this.#home.beginSnapshots()
  }

  #begin({ nodeId }: Storage): BrokerLife {
    const life = new BrokerLife(nodeId)
    this.#lives.set(nodeId, life)
    return life
  }

  async #open(
    { advertised, log = this.#options.log }: BrokerStart,
    storage: Storage,
    life: BrokerLife
  ): Promise<Broker> {
    const lines = (broker: Broker) => this.#channel.linesOf(broker)
    const onBroken = (reason: Error): void => this.#hasBroken(life, reason)
    const broker = await life.during(Broker.start({ storage, lines, advertised, log, onBroken }))
    this.#channel.connect(broker)
    this.#brokers.set(broker.nodeId, broker)
    return broker
  }

  /** It has stopped itself. Where there is one broker nobody else could lead. */
  #hasBroken(life: BrokerLife, reason: Error): void {
    const { nodeId } = life
    if (this.#lives.get(nodeId) !== life) return
    this.#options.onBroken?.(nodeId, reason)
    if (this.#options.brokers.length === 1) {
      this.#lives.delete(nodeId)
      life.end()
      this.controller.detach(nodeId)
      return
    }
    this.lostBroker(nodeId).catch((error: unknown) => {
      this.#options.log(`broker ${nodeId} is gone, and nobody leads what it led: ${wholeStory(error)}`)
    })
  }

  /** Nobody could lead what the others led, as nobody says who does. */
  #controllerBroke(reason: InvariantError | DiskError): void {
    for (const broker of [...this.#brokers.values()]) {
      if (reason instanceof DiskError) broker.end(reason)
      else broker.failed('The controller', new InvariantError('the controller is broken', 'broker', reason))
    }
    this.#options.onControllerBroken?.(reason)
  }

  #register(
    { rack, endpoint, log = this.#options.log }: BrokerStart,
    { nodeId, directory, host, replicas }: Storage
  ): Promise<number> {
    const endpoints: BrokerEndpoint[] =
      endpoint === null ? [] : [{ name: 'PLAINTEXT', ...endpoint, securityProtocol: 0 }]
    const { directoryId } = directory
    const incarnationId = randomUuid(host.chance)
    if (this.controller.brokers.hasReplaced(nodeId, directoryId)) {
      const what = `Broker ${nodeId} has another disk than before, ${host.disk.location}, with nothing on it.`
      log(`${what} The others fill it again; what it alone had is not served.`)
    }
    const said = replicas.said(this.controller.image)
    const registration = { id: nodeId, rack, directoryId, incarnationId, endpoints, ...said }
    return this.controller.brokers.register(registration)
  }

  #forget(life: BrokerLife): void {
    const { nodeId } = life
    if (this.#lives.get(nodeId) !== life) return
    this.#lives.delete(nodeId)
    life.end()
    this.#channel.disconnect(nodeId)
    this.#brokers.delete(nodeId)
  }
}

/** A broker that has registered, and takes no part yet. */
interface ReadyBroker {
  readonly life: BrokerLife
  readonly broker: Broker
  readonly epoch: number
}

/** Where there are several brokers, topics are kept on three of them: that is what there are several for. */
function withDefaults(config: Readonly<Record<string, string>>, brokers: number): Readonly<Record<string, string>> {
  if (brokers === 1) return config
  const copies = String(Math.min(3, brokers))
  const names = ['default', 'offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']
  return { ...Object.fromEntries(names.map((name) => [`${name}.replication.factor`, copies])), ...config }
}

function fail(): never {
  throw new Error('a cluster has at least one broker')
}
