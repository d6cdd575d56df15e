/**
 * One broker of a cluster that is served, through its lives: it has a port and a place for its data, which stay the same, and a server
 * and a host of its own in each life. What is asked of it is done one after the other.
 */
import type { BrokerStart, Cluster } from '../cluster/cluster.ts'
import type { Host } from '../host/host.ts'
import { RevocableHost } from '../host/revocable/host.ts'
import { type Address, reachableAt } from './address.ts'
import type { Connections } from './connections.ts'
import { Server } from './server.ts'
import { StartError, startErrorOf } from './start-error.ts'

export interface BrokerPlace {
  readonly nodeId: number
  readonly rack: string | null
  /** What it has of the machine; it is taken back at the end of each life. */
  readonly host: Host
  readonly listenHost: string
  /** 0: any free one, the first time. */
  readonly port: number
  readonly advertised: Address | null
  /** Of all brokers of the process. */
  readonly connections: Connections
  readonly log: (line: string) => void
}

interface Life {
  readonly host: RevocableHost
  readonly server: Server
}

export class ServedBroker {
  readonly id: number
  readonly rack: string | null
  readonly #place: BrokerPlace
  #port: number
  #life: Life | null = null
  #cluster: Cluster | null = null
  #isClosed = false
  /** What is being done; null when nothing is. It does not reject. */
  #underWay: Promise<void> | null = null

  constructor(place: BrokerPlace) {
    this.id = place.nodeId
    this.rack = place.rack
    this.#place = place
    this.#port = place.port
  }

  /** Where it listens. */
  get port(): number {
    return this.#port
  }

  /** Where clients find it. */
  get address(): Address {
    return this.#place.advertised ?? this.#reachable
  }

  get isRunning(): boolean {
    return this.#life !== null
  }

  /** Takes the port: clients that come are kept waiting. Rejects with ListenError. */
  async listen(): Promise<BrokerStart> {
    const { nodeId, rack, listenHost, advertised, connections, log } = this.#place
    const host = new RevocableHost(this.#place.host)
    const { network, clock } = host
    const server = await Server.listen({ network, clock, host: listenHost, port: this.#port, log, connections })
    this.#port = server.port
    this.#life = { host, server }
    // What the code of a killed one still meets is nobody's trouble.
    const ownLog = (line: string): void => {
      if (this.#life?.host === host) log(line)
    }
    return { host, nodeId, rack, advertised, endpoint: advertised ?? this.#reachable, log: ownLog }
  }

  /** The cluster has started with it: clients are served, where it has not stopped itself since. */
  join(cluster: Cluster): void {
    this.#cluster = cluster
    if (this.#life === null) return
    const broker = cluster.brokers.get(this.id)
    if (broker === undefined) throw new RangeError(`broker ${this.id} is not there`)
    this.#life?.server.serve(broker)
  }

  /** Comes back on its port, with what its disk has. Rejects with StartError, and is not there then. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isClosed) throw new StartError('failed', `Broker ${this.id} was not started: its cluster has stopped.`)
      if (this.#life !== null) return
      try {
        const start = await this.listen()
        const cluster = this.#joined()
        await cluster.startBroker(start)
        this.join(cluster)
      } catch (error) {
        await this.end()
        throw startErrorOf(error)
      }
    })
  }

  /** Others lead what it led, what it was asked is answered, and its logs are closed cleanly. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const life = this.#life
      if (life === null || this.#isClosed) return
      try {
        await this.#joined().stopBroker(this.id, () => life.server.stop())
      } finally {
        const ended = this.end()
        // Where the stop was refused it is gone all the same; who waits for it is told of the refusal.
        await this.#joined()
          .lostBroker(this.id)
          .catch(() => {})
        await ended
      }
    })
  }

  /**
   * As `kill -9`: nothing is answered, closed or written any more, from this moment on where it is not just coming or going. Resolves when
   * others lead what it led.
   */
  kill(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#life === null || this.#isClosed) return
      const ended = this.end()
      await this.#joined().lostBroker(this.id)
      await ended
    })
  }

  /** A mistake of ours came to light in what it shares with the other brokers of the process. */
  failed(what: string, mistake: unknown): void {
    this.#cluster?.brokers.get(this.id)?.failed(what, mistake)
  }

  /** It has stopped itself after a mistake: its clients look for others, and it can be started again. */
  broke(): void {
    void this.end()
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** It comes back no more: its cluster stops, and this broker with it. */
  close(): void {
    this.#isClosed = true
  }

  /** No more requests are taken. Resolves when those that were are answered, or the time is over. */
  async drain(): Promise<void> {
    await this.#life?.server.stop()
  }

  /** Nothing is being done any more. */
  async settled(): Promise<void> {
    while (this.#underWay !== null) await this.#underWay
  }

  /** Takes back what this life has, at once. Resolves when the port is free. */
  async end(): Promise<void> {
    const life = this.#life
    this.#life = null
    const closed = life?.server.kill()
    life?.host.take()
    await closed
  }

  get #reachable(): Address {
    return reachableAt(this.#place.listenHost, this.#port)
  }

  #joined(): Cluster {
    if (this.#cluster === null) throw new RangeError(`broker ${this.id} has not started with a cluster`)
    return this.#cluster
  }

  /** At once where nothing is under way: a kill waits for nobody. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#underWay === null ? work() : this.#underWay.then(work)
    const over = turn
      .catch(() => {})
      .then(() => {
        if (this.#underWay === over) this.#underWay = null
      })
    this.#underWay = over
    return turn
  }
}
