/** A Kafka client of a simulation: one connection, made again when it breaks; any number of requests under way on it. */
import type { Connection, Dialer } from '../../src/host/network.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { PORT } from './machine.ts'

const answerWithinMicros = 8_000_000
const connectAgainMicros = 50_000
const largestAnswerBytes = 1 << 30

type Waiting = (answer: Buffer | null) => void

interface Open {
  readonly connection: Connection
  readonly waiting: Map<number, Waiting>
}

export class Client {
  readonly #world: World
  readonly #dialer: Dialer
  readonly #name: string
  #open: Open | null = null
  #opening: Promise<Open> | null = null
  #correlationId = 0

  constructor(world: World, dialer: Dialer, name: string) {
    this.#world = world
    this.#dialer = dialer
    this.#name = name
  }

  /** Null when no answer came: what was asked for may have been done, may be done later, or never. */
  async ask<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request
  ): Promise<Decoded<Response> | null> {
    const open = this.#open ?? (await this.#connect())
    this.#correlationId += 1
    const correlationId = this.#correlationId
    const answer = new Promise<Buffer | null>((resolve) => open.waiting.set(correlationId, resolve))
    open.connection.write(encodeRequest(correlationId, this.#name, request, version, body))
    const timer = this.#world.after(answerWithinMicros, `${this.#name} waits no longer`, () => this.#close(open))
    const bytes = await answer
    timer.cancel()
    return bytes === null ? null : decodeResponse(new Reader(bytes), correlationId, response, version)
  }

  /** Sends what gets no answer (Produce with acks=0). */
  async tell<Request>(request: Message<Request>, version: number, body: Request): Promise<void> {
    const open = this.#open ?? (await this.#connect())
    this.#correlationId += 1
    open.connection.write(encodeRequest(this.#correlationId, this.#name, request, version, body))
  }

  #connect(): Promise<Open> {
    this.#opening ??= this.#tryToConnect().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #tryToConnect(): Promise<Open> {
    for (;;) {
      try {
        const open = {
          connection: await this.#dialer.connect('127.0.0.1', PORT, 0),
          waiting: new Map<number, Waiting>()
        }
        this.#open = open
        this.#listen(open)
        return open
      } catch {
        await this.#world.pause(connectAgainMicros, `${this.#name} connects again`)
      }
    }
  }

  #listen(open: Open): void {
    const splitter = new FrameSplitter(largestAnswerBytes)
    open.connection.onData((chunk) => {
      splitter.push(chunk)
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
        const correlationId = frame.readInt32BE(0)
        open.waiting.get(correlationId)?.(frame)
        open.waiting.delete(correlationId)
      }
    })
    open.connection.onClose(() => this.#close(open))
  }

  /** Nobody waits on it any more: what still arrives is heard by nobody. */
  #close(open: Open): void {
    if (this.#open === open) this.#open = null
    open.connection.destroy()
    for (const waiting of open.waiting.values()) waiting(null)
    open.waiting.clear()
  }
}
