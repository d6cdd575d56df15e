/** The listener and its connections: takes them in up to a limit, ends the idle ones, and stops cleanly. */
import type { Session } from '../broker/session.ts'
import type { Clock } from '../host/clock.ts'
import { GuardedClock } from '../host/guarded-clock.ts'
import { type Connection, ListenError, type Listener, type Network } from '../host/network.ts'
import { RepeatingTimer } from '../host/repeating-timer.ts'
import { mistakeIn } from '../invariant.ts'
import { limits } from '../limits.ts'
import { type Address, reachableAt } from './address.ts'
import { Client } from './connection.ts'
import { Connections } from './connections.ts'
import { EngineBytes } from './memory.ts'

export type EngineAnswer =
  | { readonly kind: 'answer'; readonly chunks: readonly Buffer[]; readonly onSent?: (() => void) | null }
  | { readonly kind: 'none' }
  | { readonly kind: 'close'; readonly reason: string }

/** What the server needs of a broker: one request in, one answer out. Should it throw or reject, that connection ends. */
export interface Engine {
  answer(session: Session, frame: Buffer): EngineAnswer | Promise<EngineAnswer>
  /** The connection of this session has ended. */
  disconnected(session: Session): void
  /** Whether requests that name very many partitions are under way, which are done in slices. */
  readonly isInSlices: boolean
  /** A mistake of ours came to light in the server: what it counts for this broker cannot be trusted. */
  failed(what: string, mistake: unknown): void
}

export interface ServerOptions {
  readonly network: Network
  readonly clock: Clock
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly log: (line: string) => void
  /** Of all servers of the process, where there are several. */
  readonly connections?: Connections
}

/** Both addresses of this machine's own name: some clients try ::1 first, some know only 127.0.0.1. */
const loopbacks: Readonly<Record<string, readonly string[]>> = { localhost: ['127.0.0.1', '::1'] }
const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

export class Server {
  readonly #options: ServerOptions
  /** What its timers meet by mistake stops the broker, not the process. */
  readonly #clock: Clock
  readonly #all: Connections
  readonly #taken: EngineBytes
  readonly #clients = new Set<Client>()
  readonly #listeners: Listener[] = []
  /** Connections that came before there was an engine. */
  readonly #early = new Set<Connection>()
  #engine: Engine | null = null
  readonly #idleTimer: RepeatingTimer
  #sessions = 0
  #isStopped = false
  #whenEmpty: (() => void) | null = null

  /** Takes the port; connections wait until `serve`. Rejects with ListenError, and listens nowhere then. */
  static async listen(options: ServerOptions): Promise<Server> {
    for (let attempt = 1; ; attempt++) {
      const server = new Server(options)
      try {
        await server.#listen()
        return server
      } catch (error) {
        await server.stop()
        if (options.port !== 0 || !isInUse(error) || attempt >= limits.freePortAttempts) throw error
      }
    }
  }

  private constructor(options: ServerOptions) {
    this.#options = options
    this.#clock = new GuardedClock(options.clock, (error) => this.#failed(error))
    this.#all = options.connections ?? new Connections(this.#clock)
    this.#taken = new EngineBytes(this.#all.memory)
    this.#idleTimer = new RepeatingTimer(
      this.#clock,
      () => limits.idleCheckMs,
      () => this.#closeIdle()
    )
  }

  async #listen(): Promise<void> {
    const { network, host, port } = this.#options
    const [first = host, ...others] = loopbacks[host] ?? []
    const accept = (connection: Connection): void => this.#accept(connection)
    this.#listeners.push(await network.listen(first, port, accept))
    for (const other of others) {
      const listener = await network.listen(other, this.port, accept).catch((error: unknown) => {
        // Another program has it: clients that try this address first would talk to that one.
        if (isInUse(error)) throw error
        // A machine without this address is well served by the first.
        return null
      })
      if (listener !== null) this.#listeners.push(listener)
    }
  }

  get port(): number {
    return this.#listeners[0]?.port ?? this.#options.port
  }

  /** How programs of this machine reach it. */
  get address(): Address {
    return reachableAt(this.#options.host, this.port)
  }

  get connectionCount(): number {
    return this.#clients.size
  }

  /** Hands the requests of those who wait, and of all who come, to the engine. */
  serve(engine: Engine): void {
    this.#engine = engine
    const early = [...this.#early]
    this.#early.clear()
    for (const connection of early) {
      this.#all.early.delete(connection)
      this.#accept(connection)
    }
    this.#idleTimer.start()
  }

  /** Takes no more connections and no more requests. Resolves when what was taken is answered, or the time is over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#idleTimer.stop()
    const closing = this.#listeners.map((listener) => listener.close())
    for (const connection of [...this.#early]) connection.destroy()
    for (const client of [...this.#clients]) client.stop()
    await this.#emptied()
    for (const client of [...this.#clients]) client.destroy()
    await Promise.all(closing)
  }

  /** Ends at once: nobody is answered any more, whatever the engine may still do. Resolves when the port is free. */
  async kill(): Promise<void> {
    this.#isStopped = true
    this.#idleTimer.stop()
    const closing = this.#listeners.map((listener) => listener.close())
    for (const connection of [...this.#early]) connection.destroy()
    for (const client of [...this.#clients]) client.destroy()
    this.#taken.giveBack()
    await Promise.all(closing)
  }

  #accept(connection: Connection): void {
    if (this.#isStopped) {
      connection.destroy()
      return
    }
    if (this.#all.isFull) {
      this.#options.log(`connection of ${connection.remoteAddress} closed: there are ${limits.connections} already`)
      connection.destroy()
      return
    }
    const engine = this.#engine
    if (engine === null) {
      this.#wait(connection)
      return
    }
    const session = this.#sessionOf(connection)
    const client = new Client({
      connection,
      session,
      engine,
      clock: this.#clock,
      memory: this.#all.memory,
      turns: this.#all.turns,
      taken: this.#taken,
      log: this.#options.log,
      onMistake: (error) => this.#failed(error),
      onClose: () => {
        this.#clients.delete(client)
        this.#all.clients.delete(client)
        engine.disconnected(session)
        if (this.#clients.size === 0) this.#whenEmpty?.()
      }
    })
    this.#clients.add(client)
    this.#all.clients.add(client)
  }

  /** Until there is an engine. */
  #wait(connection: Connection): void {
    this.#early.add(connection)
    this.#all.early.add(connection)
    connection.onClose(() => {
      this.#early.delete(connection)
      this.#all.early.delete(connection)
    })
  }

  #sessionOf(connection: Connection): Session {
    const { host } = this.#options
    const cameTo = everyAddress.has(host) ? connection.localAddress.replace(/^::ffff:/, '') : host
    return {
      id: this.#sessions++,
      clientHost: `/${connection.remoteAddress.replace(/^::ffff:/, '')}`,
      listener: { host: cameTo, port: this.port }
    }
  }

  #closeIdle(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const client of [...this.#clients]) if (client.silentMs(nowMs) > limits.connectionIdleMs) client.destroy()
  }

  /** Before there is an engine no timer runs, and nothing is read. */
  #failed(error: unknown): void {
    const mistake = mistakeIn('broker', error)
    if (this.#engine === null) throw mistake
    this.#engine.failed('The server', mistake)
  }

  #emptied(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#clock.after(limits.stopWaitMs, resolve)
      this.#whenEmpty = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof ListenError && error.problem === 'in-use'
}
