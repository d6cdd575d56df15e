/**
 * One connection: bytes into frames, frames into the engine in their order, answers out in the same order.
 *
 * Budget: a request that lies within one chunk is a slice of it; all answers that are due in a turn leave in one write.
 */
import type { Session } from '../broker/session.ts'
import type { Clock, Timer } from '../host/clock.ts'
import type { Connection } from '../host/network.ts'
import { limits } from '../limits.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { FrameSizeError } from '../protocol/primitives.ts'
import type { EngineBytes, Holder, ServerMemory } from './memory.ts'
import type { Engine, EngineAnswer } from './server.ts'
import { describeStranger } from './strangers.ts'
import type { Turns } from './turns.ts'

/** Answers that leave together are copied into one chunk up to this size. */
const smallAnswersBytes = 2048

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
  readonly memory: ServerMemory
  readonly turns: Turns
  readonly taken: EngineBytes
  /** One line for whoever runs the broker, about what went wrong on this connection. */
  readonly log: (line: string) => void
  /** What is thrown where a socket or the memory calls: a mistake of ours. */
  readonly onMistake: (error: unknown) => void
  readonly onClose: () => void
}

export class Client implements Holder {
  readonly #options: ClientOptions
  #splitter = new FrameSplitter(limits.requestBytes)
  readonly #owed: Owed[] = []
  readonly #writeDue = this.#guarded(() => this.#write())
  #incompleteBytes = 0
  /** Bytes of answers that are ready and not written yet. */
  #readyBytes = 0
  /** Answers that are ready or written and have not left, when they were last counted. */
  #unsentBytes = 0
  #lastActiveMs: number
  #linger: Timer | null = null
  #hasSpoken = false
  #isPaused = false
  #isWriting = false
  /** What comes is thrown away: when the end of the connection has its place in the line, and while the broker stops. */
  #isDeaf = false
  #isStopping = false
  #isClosed = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#lastActiveMs = options.clock.monotonicMs()
    const { connection } = options
    connection.onData(this.#guarded((chunk: Buffer) => this.#receive(chunk)))
    connection.onDrain(this.#guarded(() => this.#drained()))
    connection.onClose(this.#guarded(() => this.#closed()))
  }

  #guarded<Given = void>(work: (given: Given) => void): (given: Given) => void {
    return (given) => {
      try {
        work(given)
      } catch (error) {
        this.#options.onMistake(error)
      }
    }
  }

  get isIdle(): boolean {
    return this.#owed.length === 0
  }

  get incompleteBytes(): number {
    return this.#incompleteBytes
  }

  countUnsentBytes(): number {
    if (this.#isClosed) return 0
    const bytes = this.#readyBytes + this.#options.connection.unsentBytes
    const change = bytes - this.#unsentBytes
    this.#unsentBytes = bytes
    // Last: it may end this connection.
    this.#options.memory.changeUnsent(change)
    return bytes
  }

  /** Milliseconds since anything moved on this connection; 0 while an answer is owed. */
  silentMs(nowMs: number): number {
    return this.isIdle ? nowMs - this.#lastActiveMs : 0
  }

  /** Takes no more requests, and ends when those that were taken are answered. */
  stop(): void {
    this.#isStopping = true
    this.#turnDeaf()
    if (this.isIdle) this.#sayFarewell()
  }

  /** Ends at once; nobody is owed anything any more. */
  destroy(): void {
    this.#options.connection.destroy()
    this.#closed()
  }

  giveUp(reason: string): void {
    if (this.#isClosed) return
    this.#tell(reason)
    this.destroy()
  }

  readonly goOn = this.#guarded(() => {
    if (!this.#isDeaf) this.#takeRequests()
  })

  #receive(chunk: Buffer): void {
    if (this.#isDeaf || this.#isClosed) return
    this.#lastActiveMs = this.#options.clock.monotonicMs()
    this.#splitter.push(chunk)
    this.#takeRequests()
  }

  #drained(): void {
    this.#lastActiveMs = this.#options.clock.monotonicMs()
    this.countUnsentBytes()
    this.goOn()
  }

  /** Takes what is there, as far as it may, and settles whether more is read. */
  #takeRequests(): void {
    const { engine, memory, turns } = this.#options
    while (!this.#isDeaf && !this.#isClosed && !this.#mustWait() && !memory.isPausing && !turns.isOver) {
      const frame = this.#nextFrame()
      if (frame === undefined) break
      this.#take(frame)
      if (engine.isInSlices) turns.took(frame.length)
    }
    if (this.#isClosed || this.#isDeaf) return
    this.#countIncompleteBytes(this.#splitter.bufferedBytes)
    const waitsForTurn = turns.isOver && this.#splitter.bufferedBytes > 0
    if (memory.isFull) memory.waitForRoom(this)
    if (waitsForTurn) turns.wait(this)
    if (memory.isFull || waitsForTurn || this.#mustWait()) this.#pause()
    else this.#resume()
  }

  /** Bytes that are no frame end the connection in their turn: what was asked before them is answered first. */
  #nextFrame(): Buffer | undefined {
    try {
      return this.#splitter.next()
    } catch (error) {
      if (!(error instanceof FrameSizeError)) throw error
      const stranger = this.#hasSpoken ? null : describeStranger(error.sizeBytes)
      this.#leaveInTurn(stranger ?? impossibleSize(error))
      return undefined
    }
  }

  #take(frame: Buffer): void {
    const { engine, taken, session } = this.#options
    const owed: Owed = { sizeBytes: frame.length + limits.requestOverheadBytes, answer: null }
    this.#owed.push(owed)
    this.#hasSpoken = true
    this.#countIncompleteBytes(this.#splitter.bufferedBytes)
    taken.change(owed.sizeBytes)
    try {
      const answer = engine.answer(session, frame)
      if (!(answer instanceof Promise)) this.#settle(owed, answer)
      else {
        answer.then(
          (settled) => this.#settleLater(owed, settled),
          (error: unknown) => this.#settleLater(owed, failed(error))
        )
      }
    } catch (error) {
      this.#settle(owed, failed(error))
    }
  }

  #settleLater(owed: Owed, answer: EngineAnswer): void {
    try {
      this.#settle(owed, answer)
    } catch (error) {
      this.#options.onMistake(error)
    }
  }

  #settle(owed: Owed, answer: EngineAnswer): void {
    this.#options.taken.change(-owed.sizeBytes)
    if (this.#isClosed) return
    owed.answer = answer
    if (answer.kind === 'close') this.#turnDeaf()
    const sizeBytes = sizeOf(answer)
    this.#readyBytes += sizeBytes
    this.countUnsentBytes()
    this.#options.memory.answered(sizeBytes)
    if (this.#isWriting || this.#isClosed || this.#owed[0]?.answer === null) return
    this.#isWriting = true
    // Answers that come due in the same turn leave together.
    queueMicrotask(this.#writeDue)
  }

  #write(): void {
    this.#isWriting = false
    if (this.#isClosed) return
    const { clock, connection } = this.#options
    const chunks: Buffer[] = []
    const whenSent: (() => void)[] = []
    let ending: string | null = null
    while (ending === null) {
      const answer = this.#owed[0]?.answer ?? null
      if (answer === null) break
      this.#owed.shift()
      this.#readyBytes -= sizeOf(answer)
      if (answer.kind === 'answer') {
        chunks.push(...answer.chunks)
        if (answer.onSent) whenSent.push(answer.onSent)
      } else if (answer.kind === 'close') ending = answer.reason
    }
    this.#lastActiveMs = clock.monotonicMs()
    if (chunks.length > 0) connection.write(together(chunks), whenSent.length > 0 ? () => callAll(whenSent) : undefined)
    this.countUnsentBytes()
    if (this.#isClosed) return
    if (ending !== null) this.#leave(ending)
    else if (this.#isStopping && this.isIdle) this.#sayFarewell()
    else this.goOn()
  }

  #leaveInTurn(reason: string): void {
    this.#turnDeaf()
    if (this.isIdle) this.#leave(reason)
    else this.#owed.push({ sizeBytes: 0, answer: { kind: 'close', reason } })
  }

  /** Ends when the answers before have left, or the peer had time to take them. */
  #leave(reason: string): void {
    this.#tell(reason)
    this.#owed.length = 0
    this.#readyBytes = 0
    const { clock, connection } = this.#options
    if (connection.unsentBytes === 0) {
      this.destroy()
      return
    }
    connection.end()
    this.#linger = clock.after(limits.lingerMs, () => this.destroy())
  }

  /** Nothing is owed any more: ends, and goes soon after the answers have left, whether or not the peer ends its side. */
  #sayFarewell(): void {
    const { clock, connection } = this.#options
    connection.end(() => {
      if (!this.#isClosed) this.#linger = clock.after(limits.farewellMs, () => this.destroy())
    })
  }

  /** True while the peer does not read its answers, or has too many requests on the way. */
  #mustWait(): boolean {
    if (this.#owed.length >= limits.requestsInFlight) return true
    return this.#readyBytes + this.#options.connection.unsentBytes > limits.unsentBytes
  }

  #turnDeaf(): void {
    this.#isDeaf = true
    this.#splitter = new FrameSplitter(limits.requestBytes)
    this.#countIncompleteBytes(0)
    // Reading goes on, so that the peer's own end is noticed.
    this.#resume()
  }

  #countIncompleteBytes(bytes: number): void {
    const change = bytes - this.#incompleteBytes
    this.#incompleteBytes = bytes
    // Last: it may end this connection.
    if (change !== 0) this.#options.memory.changeIncomplete(change)
  }

  #tell(reason: string): void {
    const { connection, log } = this.#options
    log(`connection of ${connection.remoteAddress}:${connection.remotePort} closed: ${reason}`)
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#linger?.cancel()
    this.#owed.length = 0
    const { memory, turns, onClose } = this.#options
    onClose()
    memory.forget(this)
    turns.forget(this)
    memory.changeUnsent(-this.#unsentBytes)
    this.#unsentBytes = 0
    this.#countIncompleteBytes(0)
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

function impossibleSize({ sizeBytes, maxSizeBytes }: FrameSizeError): string {
  const what = `it announced a request of ${sizeBytes} bytes; the limit is ${maxSizeBytes}`
  return `${what}: either it is no Kafka client, or its max.request.size is too high`
}

/** A request that broke the engine costs its own connection. */
function failed(error: unknown): EngineAnswer {
  return { kind: 'close', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function sizeOf(answer: EngineAnswer): number {
  return answer.kind === 'answer' ? bytesOf(answer.chunks) : 0
}

function bytesOf(chunks: readonly Buffer[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}

/** Several small answers as one chunk: a copy of some bytes costs less than a place in the socket's list. */
function together(chunks: readonly Buffer[]): readonly Buffer[] {
  if (chunks.length === 1) return chunks
  const bytes = bytesOf(chunks)
  return bytes > smallAnswersBytes ? chunks : [Buffer.concat(chunks, bytes)]
}

function callAll(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) callback()
}
