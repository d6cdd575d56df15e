/**
 * A member of a consumer group: it gets partitions, deals with their messages, commits how far it came, and gives the
 * partitions up when the group is divided anew or the program ends.
 *
 * The order is always: deal with a message, then commit its offset. A crash in between repeats the message and loses none.
 */
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { mayPass, needsRejoin } from '../client-errors.ts'
import { tell } from '../output.ts'
import { reasonOf } from '../problem.ts'
import { SteadyConsumer } from '../steady-consumer.ts'
import type { FailedMessages } from './dead-letter.ts'
import type { IsAtEnd } from './ends.ts'
import { watchLifeSigns } from './life-signs.ts'
import { type ConsumedMessage, consumedMessage, nameOf, type Partition } from './message.ts'
import type { ConsumerOptions } from './options.ts'
import { OwnedPartition } from './owned-partition.ts'
import { ActionFailure, type Processing } from './processing.ts'
import { Pulse } from './pulse.ts'
import { Uncommitted } from './uncommitted.ts'
import type { WhereToGoOn } from './where-to-go-on.ts'

/** A member that is not heard of for so long is dead to its group. */
const sessionTimeoutMs = 10_000
const heartbeatIntervalMs = 1000
const silenceMs = sessionTimeoutMs + 2000
/** Others wait so long for a member that is busy with a message, as for Java's consumers (max.poll.interval.ms). */
const rebalanceTimeoutMs = 300_000
/** How long a fetch waits for new messages, and so how long Ctrl-C may take. */
const fetchWaitMs = 500
const leaveTimeoutMs = 3000
const commitRetryMs = 200
const commitPatienceMs = 5000

export interface Work {
  readonly processing: Processing
  readonly failed: FailedMessages
  readonly whereToGoOn: WhereToGoOn
  /** Whether a partition is dealt with to its end; undefined: there is no end to wait for. */
  readonly isAtEnd: IsAtEnd | undefined
}

export class GroupMember {
  readonly #work: Work
  readonly #steady: SteadyConsumer
  readonly #topics: readonly string[]
  #owned = new Map<string, OwnedPartition>()
  /** Aborted when the partitions are given up or divided anew. */
  #round = new AbortController()
  readonly #uncommitted = new Uncommitted()
  readonly #finished = new AbortController()
  #failure: unknown
  /** Settles when the batch that is being dealt with is done. */
  #inHand: Promise<void> | undefined
  /** How many messages were dealt with. */
  count = 0

  constructor(kafka: Kafka, { group, topics }: Pick<ConsumerOptions, 'group' | 'topics'>, work: Work) {
    this.#work = work
    this.#topics = topics
    this.#steady = new SteadyConsumer(kafka, {
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      maxWaitTimeInMs: fetchWaitMs
    })
  }

  /** Resolves when it was stopped or came to the end, and has left its group. Rejects when a message failed. */
  async run(stop: AbortSignal): Promise<void> {
    const { consumer } = this.#steady
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment))
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but marks of transactions: no message to deal with, and yet the partition was read.
      if (payload.batchSize === 0) this.#owned.get(nameOf(payload))?.dealtWith(Number(payload.lastOffset) + 1)
      this.#checkEnd()
    })
    using _lifeSigns = watchLifeSigns(consumer, silenceMs, () => this.#joinAnew())
    this.#steady.start({
      topics: this.#topics,
      eachBatch: (payload) => this.#onBatch(payload),
      onLost: (error) => this.#lost(error),
      onFailure: (error) => this.#finish(error)
    })
    await whenAborted(AbortSignal.any([stop, this.#finished.signal]))
    this.#finish(undefined)
    await this.#leave()
    if (this.#failure !== undefined) throw this.#failure
  }

  #lost(error: Error): void {
    this.#giveUpAll()
    tell(`lost the group (${reasonOf(error)}); joining it again`)
  }

  #joinAnew(): void {
    this.#giveUpAll()
    tell('the group does not hear this member; joining it again')
    this.#steady.rejoin()
  }

  #joined(memberAssignment: Readonly<Record<string, number[]>>): void {
    const partitions = Object.entries(memberAssignment).flatMap(([topic, ids]) =>
      ids.map((partition) => new OwnedPartition({ topic, partition }))
    )
    this.#round.abort()
    this.#round = new AbortController()
    this.#owned = new Map(partitions.map((partition) => [partition.name, partition]))
    this.#work.processing.keepOnly?.(partitions)
    tell(
      partitions.length === 0
        ? 'no partition for this member; waiting'
        : `reading ${[...this.#owned.keys()].join(', ')}`
    )
    for (const partition of partitions) void this.#settle(partition, this.#round.signal)
    this.#checkEnd()
  }

  /** Finds out where a partition is to be read on. */
  async #settle(partition: OwnedPartition, cancel: AbortSignal): Promise<void> {
    try {
      const { next, by } = await this.#work.whereToGoOn(partition, cancel)
      if (cancel.aborted) return
      if (by === 'stored data') this.#steady.consumer.seek({ ...placeOf(partition), offset: String(next) })
      partition.dealtWith(next)
      this.#checkEnd()
    } catch (error) {
      if (!cancel.aborted) this.#finish(error)
    }
  }

  #onBatch(payload: EachBatchPayload): Promise<void> {
    const work = this.#workOn(payload)
    this.#inHand = work
      .catch(() => {})
      .finally(() => {
        this.#inHand = undefined
      })
    return work
  }

  async #workOn(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const partition = this.#owned.get(nameOf(batch))
    using pulse = new Pulse(payload.heartbeat)
    try {
      if (partition && (await this.#mayBegin(partition, payload, pulse))) await this.#deal(partition, payload, pulse)
    } catch (error) {
      // The library tries again, or joins again; what was not committed comes again, to whoever gets the partition.
      if (pulse.lost.aborted || mayPass(error)) throw error
      this.#finish(error)
    }
    pulse.lost.throwIfAborted()
  }

  /** False for a batch that was fetched from where the group stood, before it was known where to go on. */
  async #mayBegin(partition: OwnedPartition, { isStale }: EachBatchPayload, pulse: Pulse): Promise<boolean> {
    if (this.#work.processing.position !== undefined && partition.next === undefined) {
      await Promise.race([partition.ready, whenAborted(this.#interruption(pulse))])
      return false
    }
    return !isStale()
  }

  async #deal(partition: OwnedPartition, payload: EachBatchPayload, pulse: Pulse): Promise<void> {
    const { batch } = payload
    const interruption = this.#interruption(pulse)
    const unread = batch.messages.filter(({ offset }) => !this.#uncommitted.has(partition.name, Number(offset)))
    // Behind the last message of a batch there may be marks of a transaction: they are read as well.
    const batchEnd = Number(batch.lastOffset()) + 1
    if (unread.length === 0) await this.#commit(partition, batchEnd, payload, pulse)
    for (const stretch of stretchesOf(unread, this.#work.processing.stretch)) {
      if (interruption.aborted) return
      await this.#process(stretch.map((message) => consumedMessage(placeOf(partition), message)))
      this.count += stretch.length
      const [first, last] = [stretch[0], stretch.at(-1)]
      const next = last === unread.at(-1) ? batchEnd : Number(last?.offset) + 1
      this.#uncommitted.add(partition.name, Number(first?.offset), next)
      await this.#commit(partition, next, payload, pulse)
    }
  }

  async #process(messages: readonly ConsumedMessage[]): Promise<void> {
    const [message] = messages
    try {
      await this.#work.processing.process(messages)
    } catch (error) {
      if (!(error instanceof ActionFailure) || message === undefined) throw error
      await this.#work.failed.take(message, error)
    }
  }

  /**
   * A broker that is away for a moment is asked again; one that says that the partition is not ours any more is believed. For a
   * partition that was given up nothing is committed: its new owner may be further.
   */
  async #commit(partition: OwnedPartition, next: number, payload: EachBatchPayload, pulse: Pulse): Promise<void> {
    const { topic, partition: id } = partition
    const offsets = { topics: [{ topic, partitions: [{ partition: id, offset: String(next) }] }] }
    const deadlineMs = performance.now() + commitPatienceMs
    while (this.#owned.get(partition.name) === partition) {
      try {
        payload.resolveOffset(String(next - 1))
        await payload.commitOffsetsIfNecessary(offsets)
        this.#uncommitted.clear(partition.name)
        partition.dealtWith(next)
        return
      } catch (error) {
        if (needsRejoin(error) || pulse.lost.aborted || performance.now() > deadlineMs) throw error
        await new Promise((resolve) => setTimeout(resolve, commitRetryMs))
      }
    }
  }

  #interruption(pulse: Pulse): AbortSignal {
    return AbortSignal.any([this.#round.signal, this.#finished.signal, pulse.lost])
  }

  #checkEnd(): void {
    const { isAtEnd } = this.#work
    if (this.#round.signal.aborted) return
    if (isAtEnd && [...this.#owned.values()].every(isAtEnd)) this.#finish(undefined)
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

  /** What is in hand is finished first, however long it takes: it would be done twice. */
  async #leave(): Promise<void> {
    if (this.#inHand) tell('finishing what is in hand; Ctrl-C ends it at once')
    await this.#inHand
    try {
      await this.#steady.close(leaveTimeoutMs)
    } catch (error) {
      tell(
        `the group was not left cleanly (${reasonOf(error)}); it divides the work anew in ${sessionTimeoutMs / 1000} s`
      )
    }
    this.#giveUpAll()
  }
}

function placeOf({ topic, partition }: Partition): Partition {
  return { topic, partition }
}

function stretchesOf(messages: readonly KafkaMessage[], lengthMax: number): readonly (readonly KafkaMessage[])[] {
  if (messages.length <= lengthMax) return messages.length === 0 ? [] : [messages]
  return messages.map((_, at) => messages.slice(at, at + lengthMax)).filter((_, at) => at % lengthMax === 0)
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
