/** An engine that knows its answers by the requests, peers that are slow, and a server on real sockets. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Session } from '../../src/broker/session.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import type { Connection, Network } from '../../src/host/network.ts'
import { nodeClock } from '../../src/host/node/clock.ts'
import { nodeNetwork } from '../../src/host/node/network.ts'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'
import type { Connections } from '../../src/server/connections.ts'
import { type Engine, type EngineAnswer, Server } from '../../src/server/server.ts'
import { FakeConnection, frame } from './fakes.ts'

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
  readonly isInSlices = false
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

  disconnected(): void {}

  failed(what: string, mistake: unknown): void {
    throw new Error(`${what} met a mistake`, { cause: mistake })
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

/** A connection whose peer may read nothing, and does not leave just because it was told of the end. */
export class SlowConnection extends FakeConnection {
  readsNothing = false
  #whenRead: (() => void) | undefined

  get isOpen(): boolean {
    return this.state === 'open'
  }

  get isEnded(): boolean {
    return this.state === 'ended'
  }

  get isDestroyed(): boolean {
    return this.state === 'destroyed'
  }

  /** What was written, an entry for each write. */
  get writes(): string[] {
    return this.written.map((bytes) => (bytes.length > 1000 ? `${bytes.length} bytes` : payloadsOf(bytes).join('|')))
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    super.write(chunks)
    if (this.readsNothing) this.unsentBytes += this.written.at(-1)?.length ?? 0
    return !this.readsNothing
  }

  override end(onSent?: () => void): void {
    this.state = 'ended'
    if (this.readsNothing) this.#whenRead = onSent
    else onSent?.()
  }

  override receive(...chunks: readonly Buffer[]): void {
    if (this.state !== 'destroyed') super.receive(...chunks)
  }

  override drain(): void {
    this.readsNothing = false
    super.drain()
    this.#whenRead?.()
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

/** A server whose connections a test makes by hand, under a clock that it winds. */
export async function fakeServer(connections?: Connections) {
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
  const place = { network, clock, host: '127.0.0.1', port: 9092 }
  const server = await Server.listen({ ...place, log: (line) => lines.push(line), ...(connections && { connections }) })
  const connection = (): SlowConnection => {
    const made = new SlowConnection()
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
  readonly #splitter = new FrameSplitter(2 ** 31 - 1)
  readonly #answers: string[] = []
  #whenChanged: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    // However it ends: a server that stops drops those who take no notice, and what they still send fails.
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#splitter.push(chunk)
      for (let next = this.#splitter.next(); next; next = this.#splitter.next()) this.#answers.push(next.toString())
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
    while (this.#answers.length < count && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#whenChanged = resolve
      })
    }
    return this.#answers
  }
}
