/**
 * Delivers batches, each message once: whatever happens to the brokers or to an answer on its way.
 *
 * An idempotent producer numbers its batches, and a broker that gets one again does not store it twice. The library keeps to
 * that as long as a request holds a single partition: of several, it leaves out those whose leader moved while the others were
 * answered. Hence a request for each partition, all at the same time; and the partition is chosen here, once, so that a
 * repeated request goes where the first one went.
 */
import { Partitioners, type RecordMetadata } from 'kafkajs'
import { lastTrouble } from '../client/connection.ts'
import { whileAway, within } from '../client/patience.ts'
import { Problem, reasonOf } from '../program/problem.ts'
import type { Message } from './messages.ts'
import type { ProducerOptions } from './options.ts'

export interface AddressedMessage extends Message {
  readonly partition: number
  /** Milliseconds since 1970; the same when it is sent again. */
  readonly timestamp: string
}

export type Address = (batch: readonly Message[]) => AddressedMessage[]

/** With a key: by its hash (murmur2, as Java's client has it). Without: a batch stays together, the next goes elsewhere. */
export function addresser(topic: string, partitions: readonly number[]): Address {
  const byKey = Partitioners.DefaultPartitioner()
  const leader = { partitionErrorCode: 0, leader: 0, replicas: [], isr: [] }
  const partitionMetadata = partitions.map((partitionId) => ({ ...leader, partitionId }))
  let turn = Math.floor(Math.random() * partitions.length)
  return (batch) => {
    const timestamp = String(Date.now())
    turn = (turn + 1) % partitions.length
    const next = partitions[turn] ?? 0
    return batch.map((message) => {
      const partition = message.key === null ? next : byKey({ topic, partitionMetadata, message })
      return { ...message, partition, timestamp }
    })
  }
}

export interface Delivery {
  readonly message: AddressedMessage
  readonly offset: number
}

export interface Outcome {
  /** What was acknowledged, in the order of the input. */
  readonly deliveries: readonly Delivery[]
  /** Why that is not all. */
  readonly problem: Problem | undefined
}

/** Resolves when every message is acknowledged, or failed. Wait for one batch before you send the next: that keeps the order. */
export async function sendToEachPartition(
  batch: readonly AddressedMessage[],
  { topic, timeoutMs }: Pick<ProducerOptions, 'topic' | 'timeoutMs'>,
  send: (messages: AddressedMessage[]) => Promise<RecordMetadata[]>
): Promise<Outcome> {
  const giveUp = new AbortController()
  const deliveries: Delivery[] = []
  let failure: unknown
  const fails = (error: unknown) => {
    failure ??= error
    giveUp.abort()
  }
  // One that fails does not end the others: they are on their way, and who may repeat them has to know what arrived.
  const requests = [...byPartition(batch)].map(async (messages) => {
    const [answer] = await whileAway(giveUp.signal, () => send(messages))
    deliveries.push(...messages.map((message, at) => ({ message, offset: Number(answer?.baseOffset) + at })))
  })
  await within(timeoutMs, Promise.all(requests.map((request) => request.catch(fails))), timeUp).catch(fails)
  return {
    deliveries: [...deliveries].sort((a, b) => a.message.index - b.message.index),
    problem: failure === undefined ? undefined : notDelivered(topic, failure)
  }
}

function byPartition(batch: readonly AddressedMessage[]): Iterable<AddressedMessage[]> {
  const requests = new Map<number, AddressedMessage[]>()
  for (const message of batch) {
    const messages = requests.get(message.partition)
    if (messages) messages.push(message)
    else requests.set(message.partition, [message])
  }
  return requests.values()
}

const timeUp = 'the time was over before the brokers acknowledged them'

function notDelivered(topic: string, error: unknown): Problem {
  const isLate = error instanceof Error && error.message === timeUp
  return new Problem({
    what: `messages were not delivered to ${topic}; all that were are reported`,
    why: isLate && lastTrouble !== undefined ? `${timeUp}; ${lastTrouble}` : reasonOf(error),
    next: isLate ? 'start the brokers and send again, with --resume what is there is left out' : undefined
  })
}
