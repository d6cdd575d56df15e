/**
 * One broker for all processes that open a directory: who finds the directory free serves it; the others keep an idle
 * connection to that process, and when it breaks they look again.
 *
 * The directory's lock decides who serves, alone: it is tried first in every round, and only its holder takes the port. So
 * nobody listens who may not serve; clients that come while the new one recovers the log are kept waiting, and see nothing
 * but a connection that broke.
 */
import { DataDirectory } from '../../broker/data-directory.ts'
import type { Timer } from '../../host/clock.ts'
import { type Disk, DiskError, goneError } from '../../host/disk.ts'
import { type Dialer, ListenError } from '../../host/network.ts'
import { limits } from '../../limits.ts'
import { type Address, formatAddress } from '../address.ts'
import { rememberedAddress } from '../remembered-address.ts'
import { Server } from '../server.ts'
import { type BrokerStart, type RunningServer, refuseWrongConfig, startBehind } from '../start.ts'
import { StartError, startErrorOf } from '../start-error.ts'
import {
  answerMs,
  firstPlace,
  isHopeless,
  type Missing,
  missingBroker,
  otherPlace,
  pauseMs,
  type Wishes
} from './choices.ts'
import { Peer, SilentPeer } from './peer.ts'

export interface SharedServerOptions extends BrokerStart {
  readonly dialer: Dialer
  /** 0: any. */
  readonly wantedPort: number
}

export class SharedServer {
  readonly #options: SharedServerOptions
  #address: Address = { host: '', port: 0 }
  #running: RunningServer | null = null
  #peer: Peer | null = null
  /** The search under way; it does not reject. */
  #search: Promise<void> = Promise.resolve()
  #isOpen = false
  #stopping: Promise<void> | null = null
  #pause: { readonly timer: Timer; readonly over: () => void } | null = null
  /** How often in a row somebody accepted and did not answer. */
  #silences = 0
  #lastTold = ''

  /** Resolves when clients can connect. Rejects with StartError; nothing is left running or locked then. */
  static async open(options: SharedServerOptions): Promise<SharedServer> {
    refuseWrongConfig(options)
    const shared = new SharedServer(options)
    await shared.#open()
    return shared
  }

  private constructor(options: SharedServerOptions) {
    this.#options = options
  }

  /** Where clients connect; while another takes over, where they did. */
  get address(): Address {
    return this.#address
  }

  get isServing(): boolean {
    return this.#running !== null && this.#stopping === null
  }

  /** Leaves the directory to the others. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#pause?.timer.cancel()
    this.#pause?.over()
    this.#peer?.close()
    await this.#search
    await this.#running?.stop()
  }

  async #open(): Promise<void> {
    const { clock, disk } = this.#options.host
    const startedMs = clock.monotonicMs()
    try {
      disk.createDirectory('')
      for (let attempt = 0; ; attempt++) {
        const missing = await this.#look()
        if (missing === null) break
        if (isHopeless(missing.why, clock.monotonicMs() - startedMs)) throw missing.error
        await this.#wait(pauseMs(attempt, this.#options.host.chance))
      }
    } catch (error) {
      this.#peer?.close()
      throw startErrorOf(error)
    }
    this.#isOpen = true
    this.#watch()
  }

  /** Looks again until there is a broker or this one is stopped. */
  async #takeOver(): Promise<void> {
    const { chance } = this.#options.host
    for (let attempt = 0; this.#stopping === null; attempt++) {
      try {
        if ((await this.#look()) === null) break
        await this.#wait(pauseMs(attempt, chance))
      } catch (error) {
        if (this.#stopping === null) this.#tell(startErrorOf(error).message)
        await this.#wait(limits.takeoverFailedPauseMs)
      }
    }
    this.#watch()
  }

  /** The broker that served has stopped itself after a mistake. Whoever is first recovers the logs and serves, here or elsewhere. */
  #beginAgain(): void {
    const broken = this.#running
    if (broken === null || this.#stopping !== null) return
    this.#running = null
    this.#search = broken
      .stop()
      .catch(() => {})
      .then(() => this.#takeOver())
  }

  #watch(): void {
    this.#peer?.onClose(() => {
      this.#peer = null
      if (this.#stopping === null) this.#search = this.#takeOver()
    })
  }

  /** One round: serves when the directory is free, else joins who serves. Null when there is a broker. */
  async #look(): Promise<{ readonly why: Missing; readonly error: StartError } | null> {
    const { disk } = this.#options.host
    // Another in its place would have none of the records that are shared.
    if (this.#isOpen && !disk.exists('')) throw goneError(disk.location)
    const taken = take(disk)
    if (typeof taken === 'function') {
      await this.#serve(taken)
      return null
    }
    const missing = await this.#join()
    if (missing === null) return null
    // Whoever accepts and is slow to answer may be the Kafka that holds the directory.
    const why = taken.problem === 'foreign-lock' && missing === 'unreachable' ? 'foreign' : missing
    return { why, error: missingBroker(startErrorOf(taken), why, rememberedAddress(disk)) }
  }

  async #serve(unlock: () => void): Promise<void> {
    const server = await this.#listen().catch((error: unknown) => {
      unlock()
      throw startErrorOf(error)
    })
    const onBroken = (): void => this.#beginAgain()
    this.#running = await startBehind(server, { ...this.#options, onBroken }, unlock)
    this.#address = server.address
    this.#tell(`serving ${this.#options.host.disk.location} on ${formatAddress(server.address)}`)
  }

  async #listen(): Promise<Server> {
    const { host, wantedPort, log } = this.#options
    const wishes: Wishes = { remembered: rememberedAddress(host.disk), wantedPort, isTakeover: this.#isOpen }
    let place = firstPlace(wishes, host.chance)
    for (let attempt = 1; ; attempt++) {
      const { network, clock, chance } = host
      try {
        return await Server.listen({ network, clock, host: place.host, port: place.port, log })
      } catch (error) {
        if (!(error instanceof ListenError) || error.problem !== 'in-use') throw error
        if (attempt < limits.samePortAttempts) await this.#wait(limits.samePortPauseMs)
        // Who is stopped leaves the address to the next, and does not look for another one.
        if (this.#stopping !== null) throw error
        if (attempt >= limits.samePortAttempts) {
          const other = otherPlace(place, wishes, chance)
          if (other === null || attempt >= limits.samePortAttempts + limits.freePortAttempts) throw error
          this.#tell(`${formatAddress(place)} is in use by another program; trying port ${other.port}`)
          place = other
        }
      }
    }
  }

  /** Null when the broker of this directory was reached. */
  async #join(): Promise<Missing | null> {
    const { host, dialer, topics } = this.#options
    const address = rememberedAddress(host.disk)
    if (address === null) return 'unreachable'
    try {
      const connection = await dialer.connect(address.host, address.port, limits.peerConnectMs)
      const peer = new Peer(connection, host.clock)
      this.#peer = peer
      if (this.#stopping !== null || !(await peer.serves(host.disk, answerMs(this.#silences)))) {
        this.#leave()
        return 'unreachable'
      }
      if (!this.#isOpen) await peer.createTopics(topics)
      this.#address = address
      this.#silences = 0
      return null
    } catch (error) {
      this.#leave()
      if (error instanceof StartError) throw error
      if (!(error instanceof SilentPeer)) return 'unreachable'
      this.#silences += 1
      return 'silent'
    }
  }

  #leave(): void {
    this.#peer?.close()
    this.#peer = null
  }

  #wait(delayMs: number): Promise<void> {
    if (this.#stopping !== null) return Promise.resolve()
    return new Promise((over) => {
      this.#pause = { timer: this.#options.host.clock.after(delayMs, over), over }
    })
  }

  /** Not the same again and again. */
  #tell(line: string): void {
    if (line !== this.#lastTold) this.#options.log(line)
    this.#lastTold = line
  }
}

/** The release of the directory, or that another has it. */
function take(disk: Disk): (() => void) | DiskError {
  try {
    return DataDirectory.take(disk)
  } catch (error) {
    if (error instanceof DiskError && (error.problem === 'in-use' || error.problem === 'foreign-lock')) return error
    throw error
  }
}
