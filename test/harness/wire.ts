/**
 * Kafka's protocol by hand, as little of it as tests need that look at a broker from below: frames over a socket, the few
 * old request versions whose layout fits in a line. Written apart from `src/protocol` on purpose: a mistake made there must
 * not be made here.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export function int8(value: number): Buffer {
  const bytes = Buffer.alloc(1)
  bytes.writeInt8(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

export function text(value: string | null): Buffer {
  if (value === null) return int16(-1)
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

export function blob(value: Uint8Array): Buffer {
  return Buffer.concat([int32(value.length), value])
}

export function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(items.length), ...items])
}

/** A request of a version that is not flexible (header version 1). */
export function requestFrame(key: number, version: number, correlationId: number, body: Uint8Array): Buffer {
  return sized(Buffer.concat([int16(key), int16(version), int32(correlationId), text('harness'), body]))
}

export function sized(payload: Uint8Array): Buffer {
  return Buffer.concat([int32(payload.length), payload])
}

/** Reads values one after the other; throws RangeError when the answer is shorter than it should be. */
export class Reader {
  private readonly bytes: Buffer
  private position = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  int8(): number {
    return this.bytes.readInt8(this.advance(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.advance(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.advance(4))
  }

  int64(): number {
    return Number(this.bytes.readBigInt64BE(this.advance(8)))
  }

  text(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.advance(length)
    return this.bytes.toString('utf8', start, start + length)
  }

  blob(): Buffer {
    const length = this.int32()
    const start = this.advance(Math.max(0, length))
    return this.bytes.subarray(start, this.position)
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read)
  }

  private advance(count: number): number {
    const start = this.position
    this.position += count
    return start
  }
}

/** A socket that sends whatever it is told and hands back whole frames. */
export class RawConnection {
  readonly socket: Socket
  private received = Buffer.alloc(0)
  private hasEnded = false
  private wake: () => void = () => {}
  private nextCorrelationId = 1

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk])
      this.wake()
    })
    const end = () => {
      this.hasEnded = true
      this.wake()
    }
    socket.on('error', end)
    socket.on('end', end)
    socket.on('close', end)
  }

  static async open(address: string): Promise<RawConnection> {
    const colon = address.lastIndexOf(':')
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon))
    const connection = new RawConnection(socket)
    await once(socket, 'connect')
    return connection
  }

  get isClosed(): boolean {
    return this.hasEnded
  }

  send(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes)
  }

  /** The next whole answer (without its size), or 'closed' when the broker hung up, or 'silence'. */
  async next(timeoutMs = 5000): Promise<Buffer | 'closed' | 'silence'> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const size = this.received.length >= 4 ? this.received.readInt32BE(0) : -1
      if (size >= 0 && this.received.length >= 4 + size) {
        const frame = this.received.subarray(4, 4 + size)
        this.received = this.received.subarray(4 + size)
        return frame
      }
      if (this.hasEnded) return 'closed'
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) return 'silence'
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Sends a request and reads the body of its answer. */
  async ask(key: number, version: number, body: Uint8Array, timeoutMs = 30_000): Promise<Reader> {
    const correlationId = this.nextCorrelationId++
    this.send(requestFrame(key, version, correlationId, body))
    const answer = await this.next(timeoutMs)
    if (typeof answer === 'string') throw new Error(`${answer} instead of an answer to api ${key} version ${version}`)
    const reader = new Reader(answer)
    const answered = reader.int32()
    if (answered !== correlationId) throw new Error(`answer ${answered} came instead of ${correlationId}`)
    return reader
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Metadata, version 1, of no topic: true when a broker answers with itself in it. */
async function answersMetadata(address: string): Promise<boolean> {
  let connection: RawConnection | undefined
  try {
    connection = await RawConnection.open(address)
    const answer = await connection.ask(3, 1, list([]), 2000)
    return answer.int32() > 0
  } catch {
    return false
  } finally {
    connection?.close()
  }
}

export async function waitForMetadata(address: string, timeoutMs: number, isAlive: () => boolean): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await answersMetadata(address))) {
    if (!isAlive()) throw new Error(`the process ended before ${address} answered`)
    if (Date.now() > deadline) throw new Error(`${address} did not answer within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
