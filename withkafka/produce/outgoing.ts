/**
 * What is to be sent, batch by batch: read from the input, with a key and a partition, and without what the topic has
 * already. While a batch is on its way the next one is read, so memory stays small however big the input is.
 */
import type { Kafka } from 'kafkajs'
import { createTopicIfMissing } from '../client/topic.ts'
import { tell } from '../program/output.ts'
import { type AddressedMessage, addresser } from './delivery.ts'
import type { DeliveryReport } from './delivery-report.ts'
import { readInput } from './input.ts'
import { type Message, messageReader, type ReadMessage } from './messages.ts'
import type { ProducerOptions } from './options.ts'
import { readStoredKeys, StoredKeys } from './stored-keys.ts'

const batchMessagesMax = 1000
/** Below message.max.bytes of a broker, about 1 MiB, also when all of a batch goes to one partition. */
const batchBytesMax = 500_000
/** What a message takes besides its key and its value, at most. */
const overheadBytes = 32

export async function* batchesToSend(
  kafka: Kafka,
  options: ProducerOptions,
  report: DeliveryReport,
  stop: AbortSignal
): AsyncGenerator<AddressedMessage[]> {
  const { topic, source, resumes } = options
  const address = addresser(topic, await createTopicIfMissing(kafka, topic))
  const stored = resumes ? await readStoredKeys(kafka, topic, stop) : new StoredKeys()
  if (source.kind === 'arguments' && source.texts.length > 1)
    tell(`${source.texts.length} messages to ${topic}; --topic names another topic, quotes keep words together`)
  if (source.kind === 'example' && source.chosen === 'by default') tell('no message was given: this sends an example')
  for await (const batch of readAhead(batchesOf(readInput(source, stop), messageReader(options)))) {
    const missing = batch.filter(({ key }) => !stored.has(key))
    report.leftOut(batch.length - missing.length)
    if (stop.aborted) return
    if (missing.length > 0) yield address(missing)
  }
}

/**
 * One request and one wait for the disk serve a whole batch. It takes what the input has at the moment, so nobody who types
 * waits for it to fill; one that is too big is cut.
 */
export async function* batchesOf(
  input: AsyncIterable<readonly Buffer[]>,
  read: ReadMessage
): AsyncGenerator<readonly Message[]> {
  let index = 0
  for await (const portion of input) {
    let batch: Message[] = []
    let batchBytes = 0
    for (const raw of portion) {
      const message = read(raw, index++)
      const sizeBytes = (message.value?.length ?? 0) + (message.key?.length ?? 0) + overheadBytes
      if (batch.length >= batchMessagesMax || (batch.length > 0 && batchBytes + sizeBytes > batchBytesMax)) {
        yield batch
        batch = []
        batchBytes = 0
      }
      batch.push(message)
      batchBytes += sizeBytes
    }
    if (batch.length > 0) yield batch
  }
}

/** Asks for the next one as soon as one is taken. */
async function* readAhead<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]()
  for (let next = iterator.next(); ; ) {
    const { done, value } = await next
    if (done) return
    next = iterator.next()
    // Whoever waits for it sees the failure.
    next.catch(() => {})
    yield value
  }
}
