/** A server without sockets: what a request costs the loop, the way through the server with it, and nothing of what a client costs. */
import type { Connection, Listener, Network } from '../../src/host/network.ts'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'

const answerBytesMax = 0x7fffffff

export class InProcessNetwork implements Network {
  #accept: (connection: Connection) => void = () => {}

  async listen(host: string, port: number, onConnection: (connection: Connection) => void): Promise<Listener> {
    this.#accept = onConnection
    return { host, port, close: async () => {} }
  }

  connect(): InProcessPeer {
    const peer = new InProcessPeer()
    this.#accept(peer.connection)
    return peer
  }
}

/** A client that reads all at once. */
export class InProcessPeer {
  readonly connection: Connection
  readonly #splitter = new FrameSplitter(answerBytesMax)
  #receive: (chunk: Buffer) => void = () => {}
  #waiting: ((answer: Buffer) => void)[] = []

  constructor() {
    this.connection = {
      ...{ remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', unsentBytes: 0 },
      onData: (callback) => {
        this.#receive = callback
      },
      onClose() {},
      onDrain() {},
      write: (chunks, onSent) => {
        for (const chunk of chunks) this.#splitter.push(Buffer.from(chunk))
        onSent?.()
        for (let frame = this.#splitter.next(); frame !== undefined; frame = this.#splitter.next())
          this.#waiting.shift()?.(frame)
        return true
      },
      pause() {},
      resume() {},
      end() {},
      destroy() {}
    }
  }

  /** A request with its size before it, in; its answer, out. */
  ask(request: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#receive(request)
    })
  }
}
