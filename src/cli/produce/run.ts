/**
 * Runs `produce`: source → batches → broker, with progress while it lasts and a report at the end.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { clientOptions, connect, requestTimeoutMs } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import type { RecordToSend } from '../record.ts'
import { createDeliveryReport, type DeliveryReport } from './delivery-report.ts'
import { type ProducePlan, readPlan } from './plan.ts'
import { partitionCountOf, Sender } from './sender.ts'
import { openSource, type Source } from './source.ts'

/** How long a batch that is not full waits for more input. */
const lingerMs = 5

export async function runProduce(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation, Date.now())
  const { global, terminal } = invocation
  const timeoutMs = global.timeoutMs ?? requestTimeoutMs(global)
  const cluster = await connect(global, timeoutMs)
  const producer = new cluster.library.Producer({ ...clientOptions(global, timeoutMs) })
  try {
    if (plan.compression !== 'none') await completeCodecs(cluster.library)
    const partitionCount = await partitionCountOf(cluster, plan.topic)
    const source = openSource(plan, terminal.stdin)
    const report = createDeliveryReport(invocation, plan.topic, source)
    const sender = new Sender(producer, {
      ...plan,
      partitionCount,
      onDelivered: (deliveries) => report.delivered(deliveries)
    })
    if (readsKeyboard(plan, terminal.stdinIsTty)) terminal.hint('each line is a record; Ctrl-D ends')
    return await sendAll(invocation, plan, source, sender, report)
  } finally {
    await closeAll(cluster, producer)
  }
}

function readsKeyboard(plan: ProducePlan, isTty: boolean): boolean {
  return isTty && plan.value === undefined && plan.template === undefined && plan.file === undefined
}

async function closeAll(cluster: Cluster, producer: { close(force: boolean): Promise<void> }): Promise<void> {
  await producer.close(true).catch(() => {})
  await cluster.close().catch(() => {})
}

async function sendAll(
  invocation: Invocation,
  plan: ProducePlan,
  source: Source,
  sender: Sender,
  report: DeliveryReport
): Promise<ExitCode> {
  try {
    await pump(plan, source, sender, invocation.interrupted)
    await sender.flush()
  } catch (error) {
    await report.stopped()
    throw toDeliveryError(error, plan.topic)
  } finally {
    source.close()
  }
  await report.finished()
  return invocation.interrupted.aborted ? interruptedExitCode(invocation.interrupted) : ExitCode.done
}

/** Takes from the source until it ends, the count is reached or someone interrupts; flushes when the source is slow. */
async function pump(plan: ProducePlan, source: Source, sender: Sender, interrupted: AbortSignal): Promise<void> {
  const iterator = source.records[Symbol.asyncIterator]()
  const interruption = new Promise<'interrupted'>((resolve) => {
    if (interrupted.aborted) resolve('interrupted')
    interrupted.addEventListener('abort', () => resolve('interrupted'), { once: true })
  })
  const pace = createPace(plan.ratePerSecond, interrupted)
  let left = plan.count ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const next = iterator.next()
    const early = await Promise.race([next, interruption, pause(lingerMs, 'slow' as const)])
    if (early === 'slow') await sender.flush()
    const item = early === 'slow' ? await Promise.race([next, interruption]) : early
    if (item === 'interrupted' || item.done) return
    const records = item.value.slice(0, left)
    left -= records.length
    await pace(records, sender)
    if (interrupted.aborted) return
  }
}

type Pace = (records: readonly RecordToSend[], sender: Sender) => Promise<void>

/** Without a rate: as fast as it goes. With one: each record in its time, counted from the first. */
function createPace(ratePerSecond: number | undefined, interrupted: AbortSignal): Pace {
  if (ratePerSecond === undefined) return (records, sender) => sender.add(records)
  const startMs = performance.now()
  let sent = 0
  return async (records, sender) => {
    for (const record of records) {
      const waitMs = startMs + (sent++ * 1000) / ratePerSecond - performance.now()
      if (waitMs > 2) {
        await sender.flush()
        await pause(waitMs, undefined, { signal: interrupted }).catch(() => {})
      }
      if (interrupted.aborted) return
      await sender.add([record])
    }
  }
}

function toDeliveryError(error: unknown, topic: string): unknown {
  const failure = kafkaFailure(error)
  if (error instanceof CliError || !failure) return error
  return new CliError({
    what: `records could not be delivered to "${topic}"`,
    why: explainFailure(failure),
    next: nextStep(failure.name, topic),
    exitCode: exitCodeOf(failure),
    cause: error
  })
}

function nextStep(name: string, topic: string): string | undefined {
  if (name === 'MESSAGE_TOO_LARGE') return `odradek topics alter ${topic} -c max.message.bytes=10MiB`
  if (name === 'INVALID_RECORD') return `odradek topics describe ${topic}   (a compacted topic needs a key: -k or -K)`
  return undefined
}
