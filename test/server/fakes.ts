/** A network without wires, and an engine that answers when the test says so. */
import type { Session } from '../../src/broker/session.ts'
import type { Connection, Network } from '../../src/host/network.ts'
import type { Engine, EngineAnswer } from '../../src/server/server.ts'

export class FakeConnection implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 4242
  readonly localAddress = '127.0.0.1'
  unsentBytes = 0
  isPaused = false
  state: 'open' | 'ended' | 'destroyed' = 'open'
  readonly written: Buffer[] = []
  #data: (chunk: Buffer) => void = () => {}
  #close: () => void = () => {}
  #drain: () => void = () => {}

  onData(callback: (chunk: Buffer) => void): void {
    this.#data = callback
  }

  onClose(callback: () => void): void {
    this.#close = callback
  }

  onDrain(callback: () => void): void {
    this.#drain = callback
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.written.push(Buffer.concat(chunks))
    return true
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  /** A peer that reads all at once, and ends its side when it is told of the end. */
  end(onSent?: () => void): void {
    this.state = 'ended'
    onSent?.()
    this.#close()
  }

  destroy(): void {
    this.state = 'destroyed'
    this.#close()
  }

  receive(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.#data(chunk)
  }

  /** The peer has read what was written. */
  drain(): void {
    this.unsentBytes = 0
    this.#drain()
  }

  /** What was written, as text. */
  get text(): string {
    return Buffer.concat(this.written).toString('latin1')
  }
}

export class FakeNetwork implements Network {
  #accept: (connection: Connection) => void = () => {}

  async listen(host: string, port: number, onConnection: (connection: Connection) => void) {
    this.#accept = onConnection
    return { host, port: port === 0 ? 9092 : port, close: async () => {} }
  }

  connect(): FakeConnection {
    const connection = new FakeConnection()
    this.#accept(connection)
    return connection
  }
}

/** Requests in the order in which they came, each with the way to answer it. */
export class FakeEngine implements Engine {
  readonly taken: {
    readonly text: string
    readonly session: Session
    readonly settle: (answer: EngineAnswer) => void
  }[] = []

  answer(session: Session, frame: Buffer): Promise<EngineAnswer> {
    return new Promise((settle) => this.taken.push({ text: frame.toString('latin1'), session, settle }))
  }

  isInSlices = false
  /** Sessions whose connections have ended. */
  readonly left: Session[] = []
  /** Mistakes of the server that it was told of. */
  readonly mistakes: unknown[] = []

  disconnected(session: Session): void {
    this.left.push(session)
  }

  failed(_what: string, mistake: unknown): void {
    this.mistakes.push(mistake)
  }

  get texts(): string[] {
    return this.taken.map(({ text }) => text)
  }

  /** Answers the request that came as the n-th with its own text. */
  settle(index: number, answer?: EngineAnswer): void {
    const request = this.taken[index]
    request?.settle(answer ?? { kind: 'answer', chunks: [Buffer.from(`${request.text};`)] })
  }
}

/** A frame with this content. */
export function frame(content: string | Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(content.length)
  return Buffer.concat([size, Buffer.from(content)])
}

/** Lets everything run that is due. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
