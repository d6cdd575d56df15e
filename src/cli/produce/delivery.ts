/**
 * Delivers batches of records, each record once: whatever went unanswered is sent again as it was, under the sequence number
 * it had, by which the leader knows what it has already (KIP-98). A broker that is away is waited for.
 *
 * One batch of a partition is under way at a time, so that a batch that was refused leaves no gap in the numbers.
 */
import type { MessageRecord } from '@platformatic/kafka'
import { CliError } from '../cli-error.ts'
import { headersMap } from '../client-library.ts'
import type { Cluster, ProducedPartition } from '../cluster.ts'
import type { KafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure, type Outage } from '../outage.ts'
import { failureOf, groupedBy } from '../partitions.ts'
import { goneTopic, leaderMoves, storageError, unknownTopics } from '../passing-errors.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import type { RecordToSend } from '../record.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { pauseUnless, within } from '../waiting.ts'
import { type Partitioner, recordBytes } from './partitioner.ts'
import type { Transaction } from './transaction.ts'

export type PlacedRecord = RecordToSend & {
  readonly partition: number
  readonly timestampMs: number
  /** The partition that was asked for. */
  readonly asked: number | undefined
}

export interface Delivered {
  readonly record: PlacedRecord
  /** Undefined with acks=0, and where the leader only knows that it has the record already. */
  readonly offset: bigint | undefined
}

export interface DeliveryOptions {
  readonly topic: string
  readonly partitioner: Partitioner
  readonly acks: 0 | 1 | -1
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly outage: Outage
  /** How long a broker that is away is waited for; undefined: for as long as it takes. */
  readonly patienceMs: number | undefined
  readonly interrupted: AbortSignal
  /** In which all of it is; undefined: in none. */
  readonly transaction: Transaction | undefined
  onDelivered(delivered: readonly Delivered[]): void
  /** The broker will not have this one; the others go on. */
  onRefused(record: PlacedRecord, failure: KafkaFailure): void
}

/** What one partition is still to get, in order; each inner list is one batch. */
type Queues = Map<number, PlacedRecord[][]>

type Answer = (ProducedPartition & { readonly batch: readonly PlacedRecord[] })[]

const againAfterMs = 200
/** As often as `consume` looks for new partitions. */
const lookAgainMs = 5000
/** Who asked the command to end waits so long for the answers that are due: they say what arrived. */
const lastAnswersMs = 1500
/** A topic that a broker does not know just after its start; longer than this, it is gone. */
const unknownTopicMs = 15_000

const noLeader = -1
const unknownTopic = 3
const leaderNotAvailable = 5
const messageTooLarge = 10
const invalidTimestamp = 32
const duplicateSequence = 46
const invalidRecord = 87
/** These are about records, not about the broker or the topic. */
const refusals = new Set([messageTooLarge, invalidTimestamp, invalidRecord])
/** Beside a leader that moves a batch that was damaged on its way, a request that timed out, a network error, and followers that lag. */
const passing = new Set([2, 7, 13, 19, 20, ...leaderMoves, storageError])

export class Delivery {
  readonly #cluster: Cluster
  readonly #options: DeliveryOptions
  #producer: { readonly producerId: bigint; readonly producerEpoch: number } | undefined
  readonly #sequences = new Map<number, number>()
  #leaders: ReadonlyMap<number, number> | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Another id is another topic of the same name. */
  #topicId: string | undefined
  /** What was sent, until it is known what became of it. */
  readonly #underWay = new WeakSet<readonly PlacedRecord[]>()
  readonly unanswered: PlacedRecord[] = []
  readonly unsent: PlacedRecord[] = []
  #unknownSinceMs: number | undefined

  constructor(cluster: Cluster, options: DeliveryOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Resolves when each record was delivered or refused, or the command was asked to end; what was neither is left over. */
  async deliver(records: readonly PlacedRecord[]): Promise<void> {
    const batches = groupedBy(records, (record) => record.partition)
    const queues: Queues = new Map([...batches].map(([partition, batch]) => [partition, [batch]]))
    try {
      // After records that nobody answered for nothing more is sent: it would take their sequence numbers.
      if (this.unanswered.length + this.unsent.length === 0) await this.#deliverAll(queues)
    } finally {
      const left = [...queues.values()].flat()
      // An answer that comes after this changes nothing any more.
      queues.clear()
      this.unanswered.push(...left.filter((batch) => this.#underWay.has(batch)).flat())
      this.unsent.push(...left.filter((batch) => !this.#underWay.has(batch)).flat())
    }
  }

  async #deliverAll(queues: Queues): Promise<void> {
    const { patienceMs, outage, interrupted } = this.#options
    while (queues.size > 0) {
      const attempt = await this.#attempt(queues)
      if (attempt === undefined) return
      const { trouble } = attempt
      if (trouble === undefined) continue
      this.#leaders = undefined
      outage.missed('records', trouble)
      if (interrupted.aborted) return
      if (patienceMs !== undefined && outage.lastsMs > patienceMs) throw outage.toError()
      await pauseUnless(interrupted, againAfterMs)
    }
  }

  /** Undefined when the command was asked to end, and no answer came in time. */
  async #attempt(queues: Queues): Promise<{ readonly trouble: unknown } | undefined> {
    const { interrupted } = this.#options
    const work = this.#inTime(this.#deliverOnce(queues)).then((trouble) => ({ trouble }))
    const early = await untilInterrupted(interrupted, work)
    if (early !== undefined) return early
    const answered = new AbortController()
    try {
      return await Promise.race([work, pauseUnless(answered.signal, lastAnswersMs).then(() => undefined)])
    } finally {
      answered.abort()
    }
  }

  /** An answer is waited for no longer than is left of the patience. */
  async #inTime<Result>(work: Promise<Result>): Promise<Result> {
    const { patienceMs, outage } = this.#options
    if (patienceMs === undefined) return await work
    return await within(patienceMs - outage.lastsMs, work, () => outage.unanswered())
  }

  /** Sends the first batch of each partition. Returns why something is to be sent again. */
  async #deliverOnce(queues: Queues): Promise<unknown> {
    try {
      this.#producer ??= await this.#newProducer()
      if (performance.now() - this.#lookedMs > lookAgainMs) this.#leaders = undefined
      this.#leaders ??= await this.#findLeaders(queues)
    } catch (error) {
      return this.#mayPass(error)
    }
    const firsts = [...queues.values()].flatMap(([first]) => (first ? [first] : []))
    const byLeader = groupedBy(firsts, ([record]) => this.#leaders?.get(record?.partition ?? 0) ?? noLeader)
    // All of them, also when one fails for good: what the others stored counts.
    const settled = await Promise.allSettled(
      [...byLeader].map(async ([leader, batches]) => {
        try {
          return this.#conclude(queues, await this.#send(leader, batches))
        } catch (error) {
          return this.#mayPass(error)
        }
      })
    )
    const outcomes = settled.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    const trouble = outcomes.find((outcome) => outcome !== undefined)
    if (trouble === undefined) this.#options.outage.answered('records')
    return trouble
  }

  #mayPass(error: unknown): unknown {
    if (isNetworkFailure(error) || error instanceof Passing) return error
    throw error
  }

  async #newProducer() {
    if (this.#options.transaction) return await this.#options.transaction.begin()
    if (this.#options.acks === 0) return { producerId: -1n, producerEpoch: -1 }
    return await this.#cluster.call('InitProducerId', 'any', null, this.#cluster.timeoutMs, 0n, 0)
  }

  async #findLeaders(queues: Queues): Promise<Map<number, number>> {
    const { topic, partitioner } = this.#options
    const { topics } = await this.#cluster.metadata([topic], 'leave')
    const [found] = topics
    const code = found?.errorCode ?? unknownTopic
    if (found === undefined || code !== 0) throw this.#passingFailure(code, null)
    this.#unknownSinceMs = undefined
    this.#lookedMs = performance.now()
    const leaders = new Map(found.partitions.map((partition) => [partition.partitionIndex, partition.leaderId]))
    // Of the same topic a broker that lags may know fewer partitions; what it was sent for the others may be there.
    if (found.topicId !== this.#topicId || leaders.size > partitioner.count) partitioner.count = leaders.size
    if (found.topicId !== this.#topicId) this.#placeAnew(queues, leaders)
    this.#topicId = found.topicId
    return leaders
  }

  /** What was placed in partitions that the topic of this name has no more goes to others. */
  #placeAnew(queues: Queues, leaders: ReadonlyMap<number, number>): void {
    const { partitioner } = this.#options
    const lost = [...queues].filter(([partition]) => !leaders.has(partition))
    const placed = lost.flatMap(([, batches]) =>
      batches.flat().map((record) => {
        return {
          ...record,
          partition: partitioner.partitionOf({ ...record, partition: record.asked }, recordBytes(record))
        }
      })
    )
    for (const [partition] of lost) {
      queues.delete(partition)
      this.#sequences.delete(partition)
    }
    for (const [partition, batch] of groupedBy(placed, (record) => record.partition)) {
      queues.set(partition, [...(queues.get(partition) ?? []), batch])
    }
  }

  async #send(leader: number, batches: readonly PlacedRecord[][]): Promise<Answer> {
    if (leader === noLeader) throw this.#passingFailure(leaderNotAvailable, null)
    const { topic, acks, compression, transaction } = this.#options
    await transaction?.include(batches.map(([record]) => record?.partition ?? 0))
    const { NumericMap } = this.#cluster.library
    const sequences = [...this.#sequences].map(([partition, next]) => [`${topic}:${partition}`, next] as const)
    const messages = batches.flat().map((record) => toMessage(topic, record))
    const before = batches.filter((batch) => this.#underWay.has(batch))
    for (const batch of batches) this.#underWay.add(batch)
    // What is known of this attempt says nothing of one before it that nobody answered for.
    const settle = () => {
      for (const batch of batches) if (!before.includes(batch)) this.#underWay.delete(batch)
    }
    const request = this.#cluster.answer('Produce', leader, acks, this.#cluster.timeoutMs, messages, {
      ...this.#producer,
      compression,
      transactionalId: transaction?.transactionalId ?? null,
      ...(acks === 0 ? {} : { sequences: new NumericMap(sequences) })
    })
    const answer = await this.#options.outage.watch('records', request).catch((error) => {
      // There was no connection to send it over.
      if (error instanceof CliError) settle()
      throw error
    })
    settle()
    const partitions = typeof answer === 'boolean' ? undefined : answer.responses[0]?.partitionResponses
    return batches.map((batch) => {
      const index = batch[0]?.partition ?? 0
      const found = acks === 0 ? unanswered(index) : partitions?.find((partition) => partition.index === index)
      if (!found) throw new Error(`the broker's answer does not mention partition ${index}`)
      return { ...found, batch }
    })
  }

  /** Takes what was dealt with out of the queues. Returns why something stays. */
  #conclude(queues: Queues, answer: Answer): unknown {
    let trouble: unknown
    let failure: unknown
    for (const { index, errorCode, errorMessage, baseOffset, recordErrors, batch } of answer) {
      if (queues.get(index)?.[0] !== batch) continue
      if (errorCode === 0 || errorCode === duplicateSequence) {
        const first = this.#options.acks === 0 || errorCode !== 0 ? undefined : baseOffset
        this.#sequences.set(index, nextSequence(this.#sequences.get(index) ?? 0, batch.length))
        this.#options.onDelivered(
          batch.map((record, at) => ({ record, offset: first === undefined ? undefined : first + BigInt(at) }))
        )
        replaceFirst(queues, index, [])
      } else if (refusals.has(errorCode)) {
        const named = new Set(recordErrors.map((error) => error.batchIndex))
        const failure = failureOf(this.#cluster, errorCode, recordErrors[0]?.batchIndexErrorMessage ?? errorMessage)
        replaceFirst(queues, index, this.#withoutRefused(batch, named, failure))
      } else {
        try {
          trouble = this.#passingFailure(errorCode, errorMessage)
        } catch (error) {
          failure ??= error
        }
      }
    }
    if (failure !== undefined) throw failure
    return trouble
  }

  /** What is left of a batch that was refused: without the records that are named, else its halves, to find the one. */
  #withoutRefused(
    batch: readonly PlacedRecord[],
    named: ReadonlySet<number>,
    failure: KafkaFailure
  ): readonly PlacedRecord[][] {
    const refused = named.size > 0 || batch.length > 1 ? named : new Set([0])
    for (const at of refused) {
      const record = batch[at]
      if (record) this.#options.onRefused(record, failure)
    }
    if (refused.size > 0) return [batch.filter((_, at) => !refused.has(at))]
    const middle = batch.length >> 1
    return [batch.slice(0, middle), batch.slice(middle)]
  }

  /** An error that may pass; any other is thrown. */
  #passingFailure(code: number, message: string | null | undefined): Passing {
    const failure = failureOf(this.#cluster, code, message)
    if (unknownTopics.has(code)) {
      this.#unknownSinceMs ??= performance.now()
      if (performance.now() - this.#unknownSinceMs < unknownTopicMs) return new Passing(failure)
    } else if (passing.has(code)) return new Passing(failure)
    const ended = this.#options.transaction?.endedByOthers(failure)
    if (ended !== undefined) throw ended
    throw new CliError({
      what: `records could not be delivered to "${this.#options.topic}"`,
      ...(unknownTopics.has(code)
        ? { why: explainFailure(failure, goneTopic.why), next: goneTopic.next }
        : { why: explainFailure(failure) }),
      exitCode: exitCodeOf(failure)
    })
  }
}

/** Kafka's own error, in the shape that tells its name and number (kafka-failure.ts). */
class Passing extends Error {
  readonly apiId: string
  readonly apiCode: number
  readonly serverErrorMessage: string | undefined

  constructor({ name, code, message }: KafkaFailure) {
    super(message ?? '')
    this.apiId = name
    this.apiCode = code
    this.serverErrorMessage = message
  }
}

function replaceFirst(queues: Queues, partition: number, by: readonly PlacedRecord[][]): void {
  const rest = [...by.filter((batch) => batch.length > 0), ...(queues.get(partition) ?? []).slice(1)]
  if (rest.length === 0) queues.delete(partition)
  else queues.set(partition, rest)
}

/** After 2^31 - 1 the numbers begin again at 0 (DefaultRecordBatch.incrementSequence). */
function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31
}

/** What is known of a batch that was sent with acks=0. */
function unanswered(index: number): ProducedPartition {
  return {
    index,
    errorCode: 0,
    baseOffset: -1n,
    logAppendTimeMs: -1n,
    logStartOffset: -1n,
    recordErrors: [],
    errorMessage: null
  }
}

function toMessage(topic: string, record: PlacedRecord) {
  const { partition, timestampMs, key, value, headers } = record
  return {
    topic,
    partition,
    timestamp: BigInt(timestampMs),
    key,
    value,
    headers: headersMap(headers)
    // The library writes null as Kafka's null, which its type does not say.
  } as MessageRecord
}
