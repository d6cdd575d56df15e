/**
 * A machine in memory: processes that share a directory, ports and a clock that the test winds, and can be killed. What a
 * killed process still wants to do has no effect.
 */

import type { Clock, Timer } from '../../../src/host/clock.ts'
import { type Disk, DiskError } from '../../../src/host/disk.ts'
import type { Host } from '../../../src/host/host.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { type Connection, type Dialer, ListenError, type Network } from '../../../src/host/network.ts'

type Accept = (connection: Connection) => void

export class Machine {
  readonly clock = new ManualClock()
  readonly disk = new MemoryDisk()
  /** Who listens where; the owner is null for a program that is none of ours. */
  readonly ports = new Map<number, { readonly owner: Process | null; readonly accept: Accept }>()
  holder: Process | null = null
  /** How long after its connections break a killed process still has its ports and the lock. */
  dyingMs = { port: 0, lock: 0 }
  /** The directory's path. */
  readonly location: string
  #seed: number

  constructor(seed = 1, location = '/data') {
    this.#seed = seed
    this.location = location
  }

  start(): Process {
    return new Process(this, this.#seed++)
  }

  /** Another program takes a port; by default it accepts and says nothing. */
  occupy(port: number, accept: Accept = () => {}): () => void {
    this.ports.set(port, { owner: null, accept })
    return () => this.ports.delete(port)
  }

  /** Lets everything happen that is due now. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Moves the clock on, in steps, until the condition holds; the milliseconds that took. */
  async until(condition: () => boolean, stepMs = 1, withinMs = 120_000): Promise<number> {
    const startMs = this.clock.monotonicMs()
    await this.settle()
    while (!condition()) {
      if (this.clock.monotonicMs() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${condition}`)
      this.clock.advance(stepMs)
      await this.settle()
    }
    return this.clock.monotonicMs() - startMs
  }

  /** Winds the clock until the promise is settled. */
  async finish<T>(promise: Promise<T>, stepMs = 1): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.until(() => isSettled, stepMs)
    return await promise
  }
}

export class Process {
  readonly host: Host
  readonly dialer: Dialer
  isAlive = true
  readonly #machine: Machine
  readonly #wires = new Set<Wire>()

  constructor(machine: Machine, seed: number) {
    this.#machine = machine
    const network: Network = { listen: (host, port, accept) => this.#listen(host, port, accept) }
    this.dialer = { connect: (host, port) => this.#connect(host, port) }
    this.host = { disk: this.#disk(), clock: this.#clock(), network, chance: new SeededChance(seed) }
  }

  /** kill -9. */
  kill(): void {
    this.isAlive = false
    for (const wire of [...this.#wires]) wire.destroy()
    const { clock, dyingMs, ports } = this.#machine
    clock.after(dyingMs.port, () => {
      for (const [port, { owner }] of ports) if (owner === this) ports.delete(port)
    })
    clock.after(dyingMs.lock, () => {
      if (this.#machine.holder === this) this.#machine.holder = null
    })
  }

  /** Everything but the lock is the machine's; a dead process touches nothing. */
  #disk(): Disk {
    const lock = (): (() => void) => {
      if (this.#machine.holder !== null)
        throw new DiskError('in-use', '', 'The directory is in use by process 1. Stop it.')
      this.#machine.holder = this
      let isHeld = true
      return () => {
        if (isHeld && this.isAlive) this.#machine.holder = null
        isHeld = false
      }
    }
    return new Proxy<Disk>(this.#machine.disk, {
      get: (disk, name) => {
        if (!this.isAlive) throw new Error('this process is dead')
        if (name === 'lock') return lock
        if (name === 'location') return this.#machine.location
        if (name === 'isAt') return (location: string) => location === this.#machine.location
        const value: unknown = Reflect.get(disk, name, disk)
        return typeof value === 'function' ? value.bind(disk) : value
      }
    })
  }

  #clock(): Clock {
    const { clock } = this.#machine
    return {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, callback): Timer => clock.after(delayMs, () => this.isAlive && callback())
    }
  }

  async #listen(host: string, wanted: number, accept: Accept) {
    const { ports } = this.#machine
    const port = wanted === 0 ? 40_000 + ports.size : wanted
    if (ports.has(port))
      throw new ListenError('in-use', `Port ${port} on ${host} is in use by another program. Stop it.`)
    ports.set(port, { owner: this, accept })
    return { host, port, close: async () => void (this.isAlive && ports.delete(port)) }
  }

  async #connect(host: string, port: number): Promise<Connection> {
    const listener = this.#machine.ports.get(port)
    if (listener === undefined || listener.owner?.isAlive === false)
      throw new Error(`nobody listens on ${host}:${port}`)
    const [here, there] = Wire.pair()
    this.#own(here)
    if (listener.owner !== null) listener.owner.#own(there)
    listener.accept(there)
    return here
  }

  #own(wire: Wire): void {
    this.#wires.add(wire)
  }
}

/** One end of a connection. What comes before anybody reads is kept. */
class Wire implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 50_000
  readonly localAddress = '127.0.0.1'
  readonly unsentBytes = 0
  #other: Wire | null = null
  #isOpen = true
  #unread: Buffer[] = []
  #data: ((chunk: Buffer) => void) | null = null
  #close: () => void = () => {}

  static pair(): [Wire, Wire] {
    const [one, other] = [new Wire(), new Wire()]
    one.#other = other
    other.#other = one
    return [one, other]
  }

  onData(callback: (chunk: Buffer) => void): void {
    this.#data = callback
    for (const chunk of this.#unread.splice(0)) queueMicrotask(() => this.#receive(chunk))
  }

  onClose(callback: () => void): void {
    this.#close = callback
  }

  onDrain(): void {}

  write(chunks: readonly Uint8Array[]): boolean {
    const bytes = Buffer.concat(chunks)
    const other = this.#other
    if (this.#isOpen && other !== null) queueMicrotask(() => other.#receive(bytes))
    return true
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    // After what was written before.
    queueMicrotask(() => {
      this.#close()
      this.#other?.destroy()
    })
  }

  #receive(chunk: Buffer): void {
    if (!this.#isOpen) return
    if (this.#data === null) this.#unread.push(chunk)
    else this.#data(chunk)
  }
}
