/**
 * A cluster of several brokers in one process, each with a port of its own: all ports first, so that one in use leaves the data alone; then
 * the data; then answers.
 */
import { type BrokerStart, Cluster } from '../cluster/cluster.ts'
import type { Controller } from '../controller/controller.ts'
import type { NewTopic } from '../coordination/metadata/create-topics.ts'
import { GuardedClock } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import { mistakeIn } from '../invariant.ts'
import type { Durability } from '../log/types.ts'
import type { Address } from './address.ts'
import { Connections } from './connections.ts'
import { ServedBroker } from './served-broker.ts'
import { createTopics, once, refuseWrongConfig } from './start.ts'
import { startErrorOf } from './start-error.ts'

export interface ServedClusterOptions {
  /** Of each broker, from the first on. */
  readonly hosts: readonly Host[]
  readonly controllerHost: Host
  readonly listenHost: string
  /** Of the first broker; the others have those that follow. 0: any free one for each. */
  readonly port: number
  /** Where clients are told to come back to the first; the others have the ports that follow. */
  readonly advertised: Address | null
  /** Of each broker, in their order; empty: none has one. */
  readonly racks: readonly string[]
  readonly durability: Durability
  readonly config: Readonly<Record<string, string>>
  readonly topics: readonly NewTopic[]
  readonly log: (line: string) => void
  /** The controller has stopped itself, and with it all brokers. */
  readonly onBroken?: (reason: Error) => void
}

export class ServedCluster {
  /** By their ids, from 1 on; whether they run or not. */
  readonly brokers: ReadonlyMap<number, ServedBroker>
  /** Doing it twice does no harm. */
  readonly stop: () => Promise<void>
  readonly #cluster: Cluster

  /** Resolves when clients can connect. Rejects with StartError; nothing is left running or locked then. */
  static async start(options: ServedClusterOptions): Promise<ServedCluster> {
    refuseWrongConfig(options)
    const served = placesOf(options)
    try {
      const starts: BrokerStart[] = []
      for (const broker of served) starts.push(await broker.listen())
      const [first = noBroker(), ...others] = starts
      const { controllerHost, durability, config, topics, log, onBroken: onControllerBroken } = options
      const onBroken = (nodeId: number): void => served.find(({ id }) => id === nodeId)?.broke()
      const brokers = [first, ...others] as const
      const cluster = await Cluster.start({
        ...{ brokers, controllerHost, durability, config, log, onBroken },
        ...(onControllerBroken && { onControllerBroken })
      })
      await createTopics(cluster.controller, topics).catch(async (error: unknown) => {
        // What failed first is what is told.
        await cluster.stop().catch(() => {})
        throw error
      })
      for (const broker of served) broker.join(cluster)
      return new ServedCluster(cluster, served)
    } catch (error) {
      await Promise.all(served.map((broker) => broker.end()))
      throw startErrorOf(error)
    }
  }

  private constructor(cluster: Cluster, brokers: readonly ServedBroker[]) {
    this.#cluster = cluster
    this.brokers = new Map(brokers.map((broker) => [broker.id, broker]))
    this.stop = once(() => this.#stop())
  }

  get controller(): Controller {
    return this.#cluster.controller
  }

  get port(): number {
    return this.brokers.get(1)?.port ?? noBroker()
  }

  /** No more requests are taken; those that wait for something are let go; then the logs are closed. */
  async #stop(): Promise<void> {
    const served = [...this.brokers.values()]
    for (const broker of served) broker.close()
    await Promise.all(served.map((broker) => broker.settled()))
    try {
      const answered = served.map((broker) => broker.drain())
      for (const broker of this.#cluster.brokers.values()) broker.release()
      await Promise.all(answered)
      await this.#cluster.stop()
    } finally {
      await Promise.all(served.map((broker) => broker.end()))
    }
  }
}

function placesOf(options: ServedClusterOptions): ServedBroker[] {
  const { hosts, controllerHost, listenHost, port, advertised, racks, log } = options
  const onMistake = (error: unknown): void => {
    for (const broker of served) broker.failed('The servers', mistakeIn('broker', error))
  }
  const connections = new Connections(new GuardedClock(controllerHost.clock, onMistake))
  const served = hosts.map(
    (host, index) =>
      new ServedBroker({
        nodeId: index + 1,
        rack: racks[index] ?? null,
        host,
        listenHost,
        port: port === 0 ? 0 : port + index,
        advertised: advertised === null ? null : { host: advertised.host, port: advertised.port + index },
        connections,
        log
      })
  )
  return served
}

function noBroker(): never {
  throw new RangeError('a cluster has at least one broker')
}
