/** Hands out producer ids from blocks that the metadata log has given away for good (Kafka: RPCProducerIdManager). */
import { limits } from '../limits.ts'
import type { ControllerLine } from './controller-line.ts'

export class ProducerIds {
  readonly #controller: ControllerLine
  #block: Promise<{ next: number; end: number }> | null = null

  constructor(controller: ControllerLine) {
    this.#controller = controller
  }

  /** A producer id that nobody has had. Resolves when the block it comes from is durable. */
  async next(): Promise<number> {
    for (;;) {
      this.#block ??= this.#take()
      const taking = this.#block
      const block = await taking
      if (block.next < block.end) return block.next++
      if (this.#block === taking) this.#block = null
    }
  }

  async #take(): Promise<{ next: number; end: number }> {
    try {
      const { first, count } = await this.#controller.ask((controller) =>
        controller.allocateProducerIds(limits.producerIdBlock)
      )
      return { next: first, end: first + count }
    } catch (error) {
      this.#block = null
      throw error
    }
  }
}
