/**
 * One connection: bytes into frames, frames into the engine in their order, answers out in the same order.
 *
 * Budget: a request that lies within one chunk is a slice of it; all answers that are due in a turn leave in one write.
 */
import type { Session } from '../broker/session.ts'
import type { Clock } from '../host/clock.ts'
import type { Connection } from '../host/network.ts'
import { limits } from '../limits.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { FrameSizeError } from '../protocol/primitives.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { Engine, EngineAnswer } from './server.ts'
import { describeStranger } from './strangers.ts'

/** A request that is not answered yet, in its place in the line. */
interface Owed {
  readonly sizeBytes: number
  answer: EngineAnswer | null
}

export interface ClientOptions {
  readonly connection: Connection
  readonly session: Session
  readonly engine: Engine
  readonly clock: Clock
  readonly memory: MemoryBudget
  /** One line for whoever runs the broker, about what went wrong on this connection. */
  readonly log: (line: string) => void
  readonly onClose: () => void
}

export class Client {
  readonly #options: ClientOptions
  readonly #splitter = new FrameSplitter(limits.requestBytes)
  readonly #owed: Owed[] = []
  #heldBytes = 0
  /** Bytes of answers that are ready and not written yet. */
  #readyBytes = 0
  #lastHeardMs: number
  #hasSpoken = false
  #isPaused = false
  #isWriting = false
  #isStopping = false
  #isClosed = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#lastHeardMs = options.clock.monotonicMs()
    const { connection } = options
    connection.onData((chunk) => this.#receive(chunk))
    connection.onDrain(() => this.#goOn())
    connection.onClose(() => this.#closed())
  }

  get isIdle(): boolean {
    return this.#owed.length === 0
  }

  /** Milliseconds since the peer last said something; 0 while an answer is owed. */
  silentMs(nowMs: number): number {
    return this.isIdle ? nowMs - this.#lastHeardMs : 0
  }

  /** Takes no more requests, and ends when those that were taken are answered. */
  stop(): void {
    this.#isStopping = true
    this.#pause()
    if (this.isIdle) this.#options.connection.end()
  }

  destroy(): void {
    this.#options.connection.destroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed || this.#isStopping) return
    this.#lastHeardMs = this.#options.clock.monotonicMs()
    this.#splitter.push(chunk)
    this.#takeRequests()
  }

  #takeRequests(): void {
    try {
      while (!this.#isClosed && !this.#mustWait()) {
        const frame = this.#splitter.next()
        if (frame === undefined) break
        this.#take(frame)
      }
    } catch (error) {
      this.#refuse(error)
    }
    this.#account()
    if (this.#mustWait()) this.#pause()
  }

  #take(frame: Buffer): void {
    const owed: Owed = { sizeBytes: frame.length, answer: null }
    this.#owed.push(owed)
    this.#hasSpoken = true
    const answer = this.#options.engine.answer(this.#options.session, frame)
    if (answer instanceof Promise) {
      answer.then((settled) => this.#settle(owed, settled))
    } else {
      this.#settle(owed, answer)
    }
  }

  #settle(owed: Owed, answer: EngineAnswer): void {
    owed.answer = answer
    this.#readyBytes += sizeOf(answer)
    if (this.#isWriting || this.#isClosed || this.#owed[0]?.answer === null) return
    this.#isWriting = true
    // Answers that come due in the same turn leave together.
    queueMicrotask(() => this.#write())
  }

  #write(): void {
    this.#isWriting = false
    if (this.#isClosed) return
    const chunks: Buffer[] = []
    let ending: string | null = null
    while (ending === null) {
      const answer = this.#owed[0]?.answer ?? null
      if (answer === null) break
      this.#owed.shift()
      this.#readyBytes -= sizeOf(answer)
      if (answer.kind === 'answer') chunks.push(...answer.chunks)
      else if (answer.kind === 'close') ending = answer.reason
    }
    if (chunks.length > 0) this.#options.connection.write(chunks)
    if (ending !== null) this.#end(ending)
    else this.#goOn()
  }

  #goOn(): void {
    if (this.#isClosed) return
    if (this.#isStopping) {
      if (this.isIdle) this.#options.connection.end()
      return
    }
    if (this.#mustWait()) return
    this.#takeRequests()
    if (!this.#mustWait()) this.#resume()
  }

  /** True while the peer does not read its answers, or has too many requests on the way. */
  #mustWait(): boolean {
    if (this.#owed.length >= limits.requestsInFlight) return true
    return this.#readyBytes + this.#options.connection.unsentBytes > limits.unsentBytes
  }

  /** Tells the budget what this connection holds, and ends it when it is what bursts it. */
  #account(): void {
    if (this.#isClosed) return
    let bytes = this.#splitter.bufferedBytes
    for (const { sizeBytes } of this.#owed) bytes += sizeBytes
    const fits = this.#options.memory.change(bytes - this.#heldBytes)
    this.#heldBytes = bytes
    if (!fits) this.#end(`all connections together hold more than ${limits.bufferedRequestBytes} bytes of requests`)
  }

  #refuse(error: unknown): void {
    if (!(error instanceof FrameSizeError)) {
      this.#end(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return
    }
    const stranger = this.#hasSpoken ? null : describeStranger(error.sizeBytes)
    this.#end(stranger ?? `a request of ${error.sizeBytes} bytes; the limit is ${error.maxSizeBytes}`)
  }

  #end(reason: string): void {
    const { connection, log } = this.#options
    log(`connection of ${connection.remoteAddress}:${connection.remotePort} closed: ${reason}`)
    connection.destroy()
    this.#closed()
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.memory.change(-this.#heldBytes)
    this.#heldBytes = 0
    this.#owed.length = 0
    this.#options.onClose()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#options.connection.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#options.connection.resume()
  }
}

function sizeOf(answer: EngineAnswer): number {
  if (answer.kind !== 'answer') return 0
  return answer.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}
