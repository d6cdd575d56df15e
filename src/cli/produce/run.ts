/**
 * Runs `produce`: source → batches → broker, with progress while it lasts and a report at the end.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { connect, requestTimeoutMs } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { Outage } from '../outage.ts'
import type { RecordToSend } from '../record.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { Delivery } from './delivery.ts'
import { createDeliveryReport, type DeliveryReport } from './delivery-report.ts'
import { type ProducePlan, readPlan } from './plan.ts'
import { partitionCountOf, Sender } from './sender.ts'
import { openSource, type Source } from './source.ts'

/** How long a batch that is not full waits for more input. */
const lingerMs = 5
/** A rate that fell behind by more goes on from where it is. */
const catchUpMs = 1000

export async function runProduce(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation, Date.now())
  const { global, terminal, interrupted } = invocation
  const source = openSource(plan, terminal.stdin)
  try {
    const cluster = await connect(global, requestTimeoutMs(global))
    try {
      if (plan.compression !== 'none') await completeCodecs(cluster.library)
      const partitionCount = await partitionCountOf(cluster, plan.topic)
      const report = createDeliveryReport(invocation, plan.topic, source)
      const delivery = new Delivery(cluster, {
        ...plan,
        outage: new Outage(global.brokers, (line) => terminal.hint(line)),
        patienceMs: global.timeoutMs,
        interrupted,
        onDelivered: (delivered) => report.delivered(delivered),
        onRefused: (record, failure) => report.refused(record, failure)
      })
      const sender = new Sender(delivery, { topic: plan.topic, partitionCount })
      if (readsKeyboard(plan, terminal.stdinIsTty)) terminal.hint('each line is a record; Ctrl-D ends')
      return await sendAll(invocation, plan, source, sender, report)
    } finally {
      await cluster.close().catch(() => {})
    }
  } finally {
    source.close()
  }
}

function readsKeyboard(plan: ProducePlan, isTty: boolean): boolean {
  return isTty && plan.record === undefined && plan.template === undefined && plan.file === undefined
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
    throw error
  }
  await report.finished(sender.undelivered)
  return invocation.interrupted.aborted ? interruptedExitCode(invocation.interrupted) : ExitCode.done
}

/** Takes from the source until it ends, the count is reached or someone interrupts; flushes when the source is slow. */
async function pump(plan: ProducePlan, source: Source, sender: Sender, interrupted: AbortSignal): Promise<void> {
  const iterator = source.records[Symbol.asyncIterator]()
  const pace = createPace(plan.ratePerSecond, interrupted)
  let left = plan.count ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const next = iterator.next()
    const early = await untilInterrupted(interrupted, Promise.race([next, pause(lingerMs, 'slow' as const)]))
    if (early === 'slow') await sender.flush()
    const item = early === 'slow' ? await untilInterrupted(interrupted, next) : early
    if (item === undefined || item.done) return
    const records = item.value.slice(0, left)
    left -= records.length
    await pace(records, sender)
    if (interrupted.aborted) return
  }
}

type Pace = (records: readonly RecordToSend[], sender: Sender) => Promise<void>

/** Without a rate: as fast as it goes. With one: each record in its time after the one before. */
function createPace(ratePerSecond: number | undefined, interrupted: AbortSignal): Pace {
  if (ratePerSecond === undefined) return (records, sender) => sender.add(records)
  const intervalMs = 1000 / ratePerSecond
  let dueMs = performance.now()
  return async (records, sender) => {
    for (const record of records) {
      const waitMs = dueMs - performance.now()
      if (waitMs > 2) {
        await sender.flush()
        await pause(waitMs, undefined, { signal: interrupted }).catch(() => {})
      }
      if (interrupted.aborted) return
      // What a broker that was away held up is not made up for: the rate is a limit.
      dueMs = Math.max(dueMs, performance.now() - catchUpMs) + intervalMs
      await sender.add([record])
    }
  }
}
