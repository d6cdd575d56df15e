/**
 * Deals with messages in the way that was chosen, and minds what may go wrong: a message that failed is kept or ends the
 * program, and none that was dealt with is dealt with again.
 *
 * A message comes again when it could not be committed, because the broker went away in between: the group knows no better
 * then, but this program does. Only a crash makes it forget. No more than the range from the first message without a commit is
 * left out: a topic that was deleted and made again begins before it, and another member's work is committed behind it.
 */
import type { Kafka } from 'kafkajs'
import { counted, tell } from '../program/output.ts'
import { FailedMessages } from './dead-letter.ts'
import { type ConsumedMessage, nameOf, type Partition } from './message.ts'
import type { ConsumerOptions, Way } from './options.ts'
import { ActionFailure, type Processing } from './processing.ts'
import { PostAction } from './processing-post.ts'
import { PrintProcessing } from './processing-print.ts'
import { RunAction } from './processing-run.ts'
import { StoreProcessing } from './processing-store.ts'

interface Range {
  readonly from: number
  readonly to: number
}

export class Work {
  readonly processing: Processing
  readonly #failed: FailedMessages
  /** By the name of the partition. */
  readonly #uncommitted = new Map<string, Range>()
  #count = 0

  constructor(kafka: Kafka, { group, way, onFailure }: ConsumerOptions) {
    this.processing = processingFor(way)
    this.#failed = new FailedMessages(kafka, group, onFailure)
  }

  /** Messages of one partition, in their order. */
  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    const unread = messages.filter((message) => !this.#isDealtWith(message))
    const [first, last] = [unread[0], unread.at(-1)]
    if (first === undefined || last === undefined) return
    try {
      await this.processing.process(unread)
    } catch (error) {
      if (!(error instanceof ActionFailure)) throw error
      await this.#failed.take(first, error)
    }
    this.#count += unread.length
    const name = nameOf(first)
    this.#uncommitted.set(name, { from: this.#uncommitted.get(name)?.from ?? first.offset, to: last.offset + 1 })
  }

  committed(partition: Partition): void {
    this.#uncommitted.delete(nameOf(partition))
  }

  async close(): Promise<void> {
    await this.#failed.close()
    tell(`${counted(this.#count, 'message')} dealt with`)
  }

  #isDealtWith(message: ConsumedMessage): boolean {
    const range = this.#uncommitted.get(nameOf(message))
    return range !== undefined && range.from <= message.offset && message.offset < range.to
  }
}

function processingFor(way: Way): Processing {
  switch (way.kind) {
    case 'print':
      return new PrintProcessing()
    case 'store':
      return new StoreProcessing(way.directory)
    case 'run':
      return new RunAction(way.command)
    case 'post':
      return new PostAction(way.url)
  }
}
