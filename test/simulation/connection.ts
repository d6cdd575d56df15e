/** One connection of a client of a simulation: any number of requests under way on it. */
import type { Connection as Link } from '../../src/host/network.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { FrameSplitter } from '../../src/protocol/frame-splitter.ts'

const answerWithinMicros = 8_000_000
const largestAnswerBytes = 1 << 30

export class Connection {
  isOpen = true
  readonly #world: World
  readonly #link: Link
  readonly #name: string
  readonly #onClose: () => void
  readonly #waiting = new Map<number, (answer: Buffer | null) => void>()

  constructor(world: World, link: Link, name: string, onClose: () => void) {
    this.#world = world
    this.#link = link
    this.#name = name
    this.#onClose = onClose
    const splitter = new FrameSplitter(largestAnswerBytes)
    link.onData((chunk) => {
      splitter.push(chunk)
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) this.#answer(frame)
    })
    link.onClose(() => this.close())
  }

  /** Null when no answer came. */
  async ask(correlationId: number, frame: readonly Uint8Array[]): Promise<Buffer | null> {
    const answer = new Promise<Buffer | null>((resolve) => this.#waiting.set(correlationId, resolve))
    this.#link.write(frame)
    const timer = this.#world.after(answerWithinMicros, `${this.#name} waits no longer`, () => this.close())
    const bytes = await answer
    timer.cancel()
    return bytes
  }

  tell(frame: readonly Uint8Array[]): void {
    this.#link.write(frame)
  }

  /** Nobody waits on it any more: what still arrives is heard by nobody. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#link.destroy()
    for (const waiting of this.#waiting.values()) waiting(null)
    this.#waiting.clear()
    this.#onClose()
  }

  #answer(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0)
    this.#waiting.get(correlationId)?.(frame)
    this.#waiting.delete(correlationId)
  }
}
