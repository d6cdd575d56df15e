/**
 * What a member of a group has to mind besides its work: which partitions are its own and where to go on in each, that the
 * group hears it while a message takes long, that nothing is begun in a partition that is given up, and when all is read.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka, Offsets } from 'kafkajs'
import { keepPolling, Pulse } from '../client/membership.ts'
import { mayPass, needsRejoin } from '../client/patience.ts'
import { tell } from '../program/output.ts'
import { type ConsumedMessage, consumedMessage, nameOf, type Partition } from './message.ts'
import type { ConsumerOptions } from './options.ts'
import { OwnedPartition } from './owned-partition.ts'
import { endsOf, positionOf } from './positions.ts'
import type { Work } from './work.ts'

const commitRetryMs = 200
const commitPatienceMs = 5000

/** Deals with messages of one partition, in their order, and commits the offset behind them. */
export type Deal = (messages: readonly ConsumedMessage[], offsets: Offsets) => Promise<void>

export class GroupMember {
  readonly #kafka: Kafka
  readonly #consumer: Consumer
  readonly #options: ConsumerOptions
  readonly #work: Work
  #owned = new Map<string, OwnedPartition>()
  /** Aborted when the partitions are given up or divided anew. */
  #round = new AbortController()
  readonly #finished = new AbortController()
  #failure: unknown
  /** Settles when the batch that is being dealt with is done. */
  #inHand: Promise<void> | undefined
  /** With --exit: where each partition ended at the start. */
  #ends: ReadonlyMap<string, number> | undefined

  constructor(kafka: Kafka, consumer: Consumer, options: ConsumerOptions, work: Work) {
    this.#kafka = kafka
    this.#consumer = consumer
    this.#options = options
    this.#work = work
  }

  /**
   * Polls, again whenever the group was lost, and resolves when it was stopped or has read all. What is in hand is finished
   * first, however long it takes: it would be done twice. Rejects when a message failed.
   */
  async pollUntil(stop: AbortSignal, poll: () => Promise<void>): Promise<void> {
    const { group, topics, exitsAtEnd } = this.#options
    if (exitsAtEnd) this.#ends = await endsOf(this.#kafka, topics)
    else tell(`joining the group ${group}; Ctrl-C stops`)
    const { events } = this.#consumer
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment))
    this.#consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#passMarks(payload)
      this.#checkEnd()
    })
    keepPolling(this.#consumer, {
      poll,
      until: this.#finished.signal,
      onLost: (reason) => {
        this.#giveUpAll()
        tell(`${reason}; joining it again`)
      },
      onFailure: (error) => this.#finish(error)
    })
    await whenAborted(AbortSignal.any([stop, this.#finished.signal]))
    this.#finish(undefined)
    if (this.#inHand) tell('finishing what is in hand; Ctrl-C ends it at once')
    await this.#inHand
    this.#giveUpAll()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Hands over the messages of a batch, one after the other or all at once, as far as they are still this member's. */
  eachPortion(payload: EachBatchPayload, deal: Deal): Promise<void> {
    const work = this.#dealWithBatch(payload, deal)
    this.#inHand = work
      .catch(() => {})
      .finally(() => {
        this.#inHand = undefined
      })
    return work
  }

  #joined(memberAssignment: Readonly<Record<string, number[]>>): void {
    if (this.#finished.signal.aborted) return
    const partitions = Object.entries(memberAssignment).flatMap(([topic, ids]) =>
      ids.map((partition) => new OwnedPartition({ topic, partition }))
    )
    this.#round.abort()
    this.#round = new AbortController()
    this.#owned = new Map(partitions.map((partition) => [partition.name, partition]))
    this.#work.processing.keepOnly?.(partitions)
    const names = [...this.#owned.keys()].join(', ')
    tell(names === '' ? 'no partition for this member; waiting' : `reading ${names}`)
    for (const partition of partitions) void this.#settle(partition, this.#round.signal)
    this.#checkEnd()
  }

  /**
   * A batch of nothing but marks of transactions: no message to deal with, and yet the partition was read. What is stored may be
   * further behind than the group, so until it is known where to go on that says nothing.
   */
  #passMarks(batch: Partition & { readonly lastOffset: string }): void {
    const partition = this.#owned.get(nameOf(batch))
    const isReadByGroup = this.#work.processing.position === undefined
    if (partition && (isReadByGroup || partition.next !== undefined)) partition.dealtWith(Number(batch.lastOffset) + 1)
  }

  /** Finds out where a partition is to be read on. */
  async #settle(owned: OwnedPartition, cancel: AbortSignal): Promise<void> {
    const { topic, partition } = owned
    try {
      const { group } = this.#options
      const { processing } = this.#work
      const { next, by } = await positionOf({ kafka: this.#kafka, group, processing }, owned, cancel)
      if (cancel.aborted) return
      if (by === 'stored data') this.#consumer.seek({ topic, partition, offset: String(next) })
      owned.dealtWith(next)
      this.#checkEnd()
    } catch (error) {
      if (!cancel.aborted) this.#finish(error)
    }
  }

  async #dealWithBatch(payload: EachBatchPayload, deal: Deal): Promise<void> {
    const partition = this.#owned.get(nameOf(payload.batch))
    using pulse = new Pulse(payload.heartbeat)
    try {
      if (partition && (await this.#mayBegin(partition, payload, pulse)))
        await this.#dealWithPortions(partition, payload, pulse, deal)
    } catch (error) {
      // The library tries again, or joins again; what was not committed comes again, to whoever gets the partition.
      if (pulse.lost.aborted || mayPass(error)) throw error
      this.#finish(error)
    }
    pulse.lost.throwIfAborted()
  }

  /** Waits until it is known where to go on. False for a batch that was fetched from elsewhere before that. */
  async #mayBegin(partition: OwnedPartition, { isStale }: EachBatchPayload, pulse: Pulse): Promise<boolean> {
    if (partition.next === undefined) await Promise.race([partition.ready, whenAborted(this.#interruption(pulse))])
    return partition.next !== undefined && !isStale()
  }

  async #dealWithPortions(
    partition: OwnedPartition,
    payload: EachBatchPayload,
    pulse: Pulse,
    deal: Deal
  ): Promise<void> {
    const { batch, resolveOffset } = payload
    const interruption = this.#interruption(pulse)
    const messages = batch.messages.map((message) => consumedMessage(batch, message))
    for (const portion of portionsOf(messages, this.#work.processing.portionMax)) {
      if (interruption.aborted) return
      const last = portion.at(-1)
      // Behind the last message of a batch there may be marks of a transaction: they are read as well.
      const lastOffset = last === messages.at(-1) ? Number(batch.lastOffset()) : Number(last?.offset)
      await this.#untilCommitted(partition, pulse, async () => {
        await deal(portion, offsetsOf(partition, lastOffset + 1))
        this.#work.committed(partition)
        resolveOffset(String(lastOffset))
        partition.dealtWith(lastOffset + 1)
      })
    }
  }

  /**
   * A broker that is away for a moment is asked again; one that says that the partition is not ours any more is believed. For a
   * partition that was given up nothing is tried again: its new owner may be further.
   */
  async #untilCommitted(partition: OwnedPartition, pulse: Pulse, work: () => Promise<void>): Promise<void> {
    let deadlineMs: number | undefined
    while (this.#owned.get(partition.name) === partition) {
      try {
        await work()
        return
      } catch (error) {
        deadlineMs ??= performance.now() + commitPatienceMs
        const isOver = pulse.lost.aborted || performance.now() > deadlineMs
        if (isOver || needsRejoin(error) || !mayPass(error)) throw error
        await pause(commitRetryMs)
      }
    }
  }

  #interruption(pulse: Pulse): AbortSignal {
    return AbortSignal.any([this.#round.signal, this.#finished.signal, pulse.lost])
  }

  #checkEnd(): void {
    const ends = this.#ends
    if (ends === undefined || this.#round.signal.aborted) return
    const isAtEnd = ({ name, next }: OwnedPartition) => next !== undefined && next >= (ends.get(name) ?? 0)
    if ([...this.#owned.values()].every(isAtEnd)) this.#finish(undefined)
  }

  #giveUpAll(): void {
    this.#round.abort()
    this.#owned.clear()
    this.#work.processing.keepOnly?.([])
  }

  #finish(failure: unknown): void {
    if (this.#finished.signal.aborted) return
    this.#failure = failure
    this.#finished.abort()
  }
}

function offsetsOf({ topic, partition }: OwnedPartition, next: number): Offsets {
  return { topics: [{ topic, partitions: [{ partition, offset: String(next) }] }] }
}

function* portionsOf<Item>(items: readonly Item[], lengthMax: number): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += lengthMax) yield items.slice(from, from + lengthMax)
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
