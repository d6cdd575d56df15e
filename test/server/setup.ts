/** A connection and an engine that do what a test tells them, and a real server for real sockets. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Session } from '../../src/broker/session.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import type { Connection, Network } from '../../src/host/network.ts'
import { nodeClock } from '../../src/host/node/clock.ts'
import { nodeNetwork } from '../../src/host/node/network.ts'
import { type Engine, type EngineAnswer, Server } from '../../src/server/server.ts'

export function frame(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

/** The first bytes of a request of `sizeBytes`. */
export function announced(sizeBytes: number, ...come: Buffer[]): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(sizeBytes)
  return Buffer.concat([size, ...come])
}

export function answerOf(text: string | Buffer): EngineAnswer {
  return { kind: 'answer', chunks: [frame(text)] }
}

/** Answers when it is told to, and remembers what it was asked in which order. */
export class ScriptedEngine implements Engine {
  readonly asked: string[] = []
  readonly #open = new Map<string, { resolve(answer: EngineAnswer): void; reject(error: unknown): void }>()

  answer(_session: Session, request: Buffer): EngineAnswer | Promise<EngineAnswer> {
    const text = request.length > 100 ? `${request.length} bytes` : request.toString()
    this.asked.push(text)
    if (text.startsWith('now ')) return answerOf(text)
    if (text.startsWith('quiet')) return { kind: 'none' }
    if (text.startsWith('close')) return { kind: 'close', reason: 'it was asked to' }
    if (text.startsWith('throw')) throw new Error('broken')
    return new Promise((resolve, reject) => this.#open.set(text, { resolve, reject }))
  }

  settle(text: string, answer: EngineAnswer = answerOf(text)): void {
    this.#open.get(text)?.resolve(answer)
    this.#open.delete(text)
  }

  fail(text: string): void {
    this.#open.get(text)?.reject(new Error('broken later'))
    this.#open.delete(text)
  }
}

/** What the server sees of a socket, with the peer's side in the test's hands. */
export class FakeConnection implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 50_000
  readonly localAddress = '127.0.0.1'
  /** What was written, one entry for each write. */
  readonly writes: string[] = []
  unsentBytes = 0
  isPaused = false
  isEnded = false
  isDestroyed = false
  /** Written bytes stay unsent until `drain`. */
  readsNothing = false
  #onData: (chunk: Buffer) => void = () => {}
  #onDrain: () => void = () => {}
  readonly #onClose: (() => void)[] = []

  onData(callback: (chunk: Buffer) => void): void {
    this.#onData = callback
  }

  onDrain(callback: () => void): void {
    this.#onDrain = callback
  }

  onClose(callback: () => void): void {
    this.#onClose.push(callback)
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const bytes = Buffer.concat(chunks)
    this.writes.push(bytes.length > 1000 ? `${bytes.length} bytes` : payloadsOf(bytes).join('|'))
    if (this.readsNothing) this.unsentBytes += bytes.length
    return !this.readsNothing
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    for (const callback of this.#onClose) callback()
  }

  /** Bytes arrive; as with a socket, none do while it is paused. */
  receive(...chunks: Buffer[]): void {
    for (const chunk of chunks) if (!this.isDestroyed) this.#onData(chunk)
  }

  drain(): void {
    this.readsNothing = false
    this.unsentBytes = 0
    this.#onDrain()
  }
}

function payloadsOf(bytes: Buffer): string[] {
  const payloads: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readInt32BE(at)
    payloads.push(bytes.toString('utf8', at + 4, at + 4 + size))
    at += 4 + size
  }
  return payloads
}

/** Everything that was promised to happen at once has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A server whose connections a test makes by hand, under a clock that it winds. */
export async function fakeServer() {
  const clock = new ManualClock()
  const engine = new ScriptedEngine()
  const lines: string[] = []
  let accept: (connection: Connection) => void = () => {}
  const network: Network = {
    listen: async (host, port, onConnection) => {
      accept = onConnection
      return { host, port, close: async () => {} }
    }
  }
  const server = await Server.listen({ network, clock, host: '127.0.0.1', port: 9092, log: (line) => lines.push(line) })
  const connection = (): FakeConnection => {
    const made = new FakeConnection()
    accept(made)
    return made
  }
  return { server, clock, engine, lines, connection, serve: () => server.serve(engine) }
}

/** A server on a real port of this machine. */
export async function realServer(engine: Engine) {
  const lines: string[] = []
  const server = await Server.listen({
    network: nodeNetwork,
    clock: nodeClock,
    host: '127.0.0.1',
    port: 0,
    log: (line) => lines.push(line)
  })
  server.serve(engine)
  return { server, lines }
}

/** A client that gathers what it is answered. */
export class Peer {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  #bytes: Buffer = Buffer.alloc(0)
  #whenChanged: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = once(socket, 'close')
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#whenChanged()
    })
    socket.on('close', () => this.#whenChanged())
  }

  static async connect(port: number): Promise<Peer> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Peer(socket)
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** The first `count` answers; fewer when the connection ends before. */
  async answers(count: number): Promise<string[]> {
    while (payloadsOf(this.#bytes).length < count && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#whenChanged = resolve
      })
    }
    return payloadsOf(this.#bytes)
  }
}
