/**
 * The producer, from the first option to the last delivery report. While a batch is on its way the next one is read, so
 * memory stays small however big the input is.
 */
import { type Brokers, connect } from '../connect.ts'
import { tell } from '../output.ts'
import type { ExitCode } from '../problem.ts'
import { exitCodeOf } from '../program.ts'
import { openTopic } from '../topic.ts'
import { batchesOf } from './batches.ts'
import { DeliveryReport } from './delivery-report.ts'
import { readInput } from './input.ts'
import { messageReader } from './messages.ts'
import type { ProducerOptions } from './options.ts'
import { Sender } from './sender.ts'
import { readStoredKeys, StoredKeys } from './stored-keys.ts'

export async function produce(options: ProducerOptions, brokers: Brokers, stop: AbortSignal): Promise<ExitCode> {
  const kafka = await connect('kafkaprod', brokers)
  const partitions = await openTopic(kafka, options.topic)
  const stored = options.resumes ? await readStoredKeys(kafka, options.topic, stop) : new StoredKeys()
  const sender = await Sender.open(kafka, options.topic, partitions, options.timeoutMs)
  const report = new DeliveryReport(options.topic)
  const { source } = options
  if (source.kind === 'example' && source.chosen === 'by default') tell('no message was given: this sends an example')
  try {
    const leftOut = await sendAll(options, sender, report, stored, stop)
    report.finish(leftOut)
    return exitCodeOf(stop)
  } finally {
    await sender.close()
  }
}

/** Returns how many messages were left out because the topic has them already. */
async function sendAll(
  options: ProducerOptions,
  sender: Sender,
  report: DeliveryReport,
  stored: StoredKeys,
  stop: AbortSignal
): Promise<number> {
  const failed = new AbortController()
  const input = readInput(options.source, AbortSignal.any([stop, failed.signal]))
  let leftOut = 0
  let onItsWay: Promise<void> = Promise.resolve()
  for await (const batch of batchesOf(input, messageReader(options))) {
    await onItsWay
    const missing = options.resumes ? batch.filter(({ key }) => !stored.has(key)) : batch
    leftOut += batch.length - missing.length
    if (stop.aborted || missing.length === 0) continue
    onItsWay = sender.send(missing).then((deliveries) => report.delivered(deliveries))
    // Whoever waits for it sees the failure; the input, which may be a silent keyboard, is told at once.
    onItsWay.catch(() => failed.abort())
  }
  await onItsWay
  return leftOut
}
