/**
 * The network between the processes of a simulation. Pieces of a connection arrive late, cut anywhere, but in their order, as
 * TCP promises. What a process had written when it was killed still arrives, as its system sends it; what was under way when
 * a connection is cut, or the power, may arrive up to any byte.
 */
import { type Connection, type Dialer, ListenError, type Listener, type Network } from '../network.ts'
import { type Attention, attentive } from './attention.ts'
import type { World } from './world.ts'

/** A piece is under way so long, in microseconds. */
const [leastMicros, mostMicros] = [20, 2000]
/** One in so many is a straggler, which takes up to that long. */
const [stragglers, stragglerMicros] = [200, 300_000]
/** A write is cut into two pieces once in so many times. */
const cuts = 8

type Accept = (end: End) => void

export class SimulatedNetwork {
  readonly #world: World
  readonly #listeners = new Map<number, Accept>()
  readonly #ends = new Set<End>()
  #nextPort = 40_000

  constructor(world: World) {
    this.#world = world
  }

  /** What one process has of it. */
  of(attention: Attention): Network & Dialer & { taken(how: 'killed' | 'power cut'): void } {
    const ports = new Set<number>()
    const ends = new Set<End>()
    return {
      listen: async (host, port, onConnection) => {
        if (!attention.isAlive()) throw new ListenError('failed', 'The process is gone.')
        return await this.#listen(host, port, ports, (end) => {
          ends.add(end)
          end.attention = attention
          attention.whenAwake(() => {
            if (end.isOpen && attention.isAlive()) onConnection(end)
          })
        })
      },
      connect: (host, port) => this.#connect(host, port, attention, ends),
      taken: (how) => {
        for (const port of ports) this.#listeners.delete(port)
        // Its code may still close what it had, when another process has the port.
        ports.clear()
        for (const end of ends) end.leave(how === 'killed' ? 'all arrives' : 'some arrives')
      }
    }
  }

  /** Breaks one of the connections, made by chance; nothing when there is none. */
  cutOne(): void {
    const open = [...this.#ends].filter((end) => end.isOpen)
    open[this.#world.chance.below(Math.max(1, open.length))]?.leave('some arrives')
  }

  async #listen(host: string, port: number, ports: Set<number>, onConnection: (end: End) => void): Promise<Listener> {
    if (this.#listeners.has(port)) throw new ListenError('in-use', `Port ${port} is in use.`)
    this.#listeners.set(port, onConnection)
    ports.add(port)
    return {
      host,
      port,
      close: async () => {
        if (ports.delete(port)) this.#listeners.delete(port)
      }
    }
  }

  #connect(host: string, port: number, attention: Attention, ends: Set<End>): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#world.after(this.#world.between(leastMicros, mostMicros), 'connect', () => {
        const accept = this.#listeners.get(port)
        if (accept === undefined || !attention.isAlive()) return reject(new Error(`nobody listens on ${host}:${port}`))
        const [near, far] = this.#pair(port)
        ends.add(near)
        near.attention = attention
        accept(far)
        resolve(near)
      })
    })
  }

  #pair(port: number): [End, End] {
    const gone = (end: End): void => void this.#ends.delete(end)
    const near = new End(this.#world, port, gone)
    const far = new End(this.#world, this.#nextPort++, gone)
    near.peer = far
    far.peer = near
    this.#ends.add(near)
    this.#ends.add(far)
    return [near, far]
  }
}

class End implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly localAddress = '127.0.0.1'
  readonly remotePort: number
  peer: End | null = null
  /** Of the process that has this end. */
  attention = attentive
  isOpen = true
  unsentBytes = 0
  readonly #world: World
  readonly #gone: (end: End) => void
  #onData: ((chunk: Buffer) => void) | null = null
  readonly #onClose: (() => void)[] = []
  #arrived: Buffer[] = []
  #isPaused = false
  #hasEnded = false
  #peerHasEnded = false
  /** Nothing arrives at the peer before this. */
  #busyUntilMicros = 0

  constructor(world: World, remotePort: number, gone: (end: End) => void) {
    this.#world = world
    this.remotePort = remotePort
    this.#gone = gone
  }

  onData(callback: (chunk: Buffer) => void): void {
    this.#onData = callback
    this.#deliver()
  }

  onClose(callback: () => void): void {
    this.#onClose.push(callback)
  }

  /** Nothing is ever held back, so that nobody is called. */
  onDrain(): void {}

  write(chunks: readonly Uint8Array[], onSent?: () => void): boolean {
    if (!this.isOpen || this.#hasEnded) return true
    const bytes = Buffer.concat(chunks)
    this.unsentBytes += bytes.length
    const cut = bytes.length > 1 && this.#world.oneIn(cuts) ? this.#world.between(1, bytes.length - 1) : bytes.length
    this.#send(bytes.subarray(0, cut))
    if (cut < bytes.length) this.#send(bytes.subarray(cut))
    this.#later('sent', () => {
      this.attention.whenAwake(() => {
        this.unsentBytes -= bytes.length
        if (this.isOpen) onSent?.()
      })
    })
    return true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#deliver()
  }

  end(onSent?: () => void): void {
    if (!this.isOpen || this.#hasEnded) return
    this.#hasEnded = true
    this.#later('end', () => {
      this.attention.whenAwake(() => onSent?.())
      this.peer?.hear((end) => end.peerEnded())
    })
    if (this.#peerHasEnded) this.#later('both ended', () => this.close())
  }

  destroy(): void {
    this.leave('all arrives')
  }

  /** This side is gone at once; what it has written arrives, or some of it, and then the peer learns that it is gone. */
  leave(how: 'all arrives' | 'some arrives'): void {
    if (!this.isOpen) return
    const { peer } = this
    this.close()
    if (how === 'some arrives' && this.#world.oneIn(2)) peer?.close()
    else this.#later('reset', () => peer?.hear((end) => end.close()))
  }

  /** What comes from the other end, when the process of this one is not paused. */
  hear(what: (end: End) => void): void {
    this.attention.whenAwake(() => what(this))
  }

  peerEnded(): void {
    this.#peerHasEnded = true
    // As Node's sockets do unless told otherwise: whose peer has ended ends as well.
    this.end()
    this.#later('both ended', () => {
      this.close()
      this.peer?.close()
    })
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#gone(this)
    this.#arrived = []
    for (const callback of this.#onClose) callback()
  }

  receive(chunk: Buffer): void {
    if (!this.isOpen) return
    this.#arrived.push(chunk)
    this.#deliver()
  }

  #send(piece: Buffer): void {
    const { peer } = this
    this.#later(`${piece.length} bytes`, () => peer?.hear((end) => end.receive(piece)))
  }

  /** Behind all that was sent before. */
  #later(what: string, happen: () => void): void {
    const world = this.#world
    const takes = world.oneIn(stragglers)
      ? world.between(mostMicros, stragglerMicros)
      : world.between(leastMicros, mostMicros)
    this.#busyUntilMicros = Math.max(this.#busyUntilMicros, world.nowMicros + takes)
    world.after(this.#busyUntilMicros - world.nowMicros, what, happen)
  }

  #deliver(): void {
    while (this.isOpen && !this.#isPaused && this.#onData !== null) {
      const chunk = this.#arrived.shift()
      if (chunk === undefined) return
      this.#onData(chunk)
    }
  }
}
