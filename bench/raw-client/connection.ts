/**
 * A connection that costs the client next to nothing: bytes of a request out, bytes of an answer in, many under way. It is
 * what measures or loads a broker where a real client would be the limit itself.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Reader, requestFrame } from '../../test/harness/wire.ts'

interface Waiting {
  readonly resolve: (answer: Reader) => void
  readonly reject: (error: Error) => void
}

export class RawPipeline {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #chunks: Buffer[] = []
  #held = 0
  #wanted = 4
  #nextCorrelationId = 1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    const end = () => this.#fail(new Error('the broker closed the connection'))
    socket.on('error', (error) => this.#fail(error))
    socket.on('end', end)
    socket.on('close', end)
  }

  static async open(address: string): Promise<RawPipeline> {
    const colon = address.lastIndexOf(':')
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon))
    await once(socket, 'connect')
    return new RawPipeline(socket)
  }

  /** Resolves with the body of the answer. */
  ask(key: number, version: number, body: Uint8Array): Promise<Reader> {
    const frame = requestFrame(key, version, this.#nextCorrelationId++, body)
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#socket.write(frame)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Pieces are put together once for each answer, however many come. */
  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held < this.#wanted) return
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held)
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      const end = 4 + bytes.readInt32BE(0)
      // Answers come in the order of their requests; the correlation id is the first field of each.
      this.#waiting.shift()?.resolve(new Reader(bytes.subarray(8, end)))
      bytes = bytes.subarray(end)
    }
    this.#wanted = bytes.length >= 4 ? 4 + bytes.readInt32BE(0) : 4
    this.#chunks = bytes.length > 0 ? [bytes] : []
    this.#held = bytes.length
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** Opens a connection, does something over it, and closes it. */
export async function overConnection<T>(address: string, work: (connection: RawPipeline) => Promise<T>): Promise<T> {
  const connection = await RawPipeline.open(address)
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}
