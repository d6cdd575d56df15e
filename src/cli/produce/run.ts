/**
 * Runs `produce`: source → batches → broker, with progress while it lasts and a report at the end.
 */

import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { connect, requestTimeoutMs } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { Outage } from '../outage.ts'
import type { RecordToSend } from '../record.ts'
import { untilInterrupted } from '../until-interrupted.ts'
import { pauseUnless } from '../waiting.ts'
import { Delivery } from './delivery.ts'
import { createDeliveryReport, type DeliveryReport, refusal, tooLargeToSend } from './delivery-report.ts'
import { Partitioner } from './partitioner.ts'
import { type ProducePlan, readPlan, readsKeyboard } from './plan.ts'
import { partitionCountOf, Sender } from './sender.ts'
import { openSource, type Source } from './source.ts'
import { Transaction, type TransactionOptions } from './transaction.ts'

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
      const partitionCount = await untilInterrupted(interrupted, partitionCountOf(cluster, plan.topic))
      if (partitionCount === undefined) return interruptedExitCode(interrupted)
      const partitioner = new Partitioner(plan.topic, partitionCount)
      // What is asked for of every record is no fault of the first line.
      if (plan.partition !== undefined) partitioner.check(plan.partition)
      const report = createDeliveryReport(invocation, plan, source)
      const outage = new Outage(cluster.brokers, (line) => terminal.hint(line))
      const common = { ...plan, outage, patienceMs: global.timeoutMs, interrupted }
      const transaction = transactionOf(cluster, common)
      const delivery = new Delivery(cluster, {
        ...common,
        partitioner,
        transaction,
        onDelivered: (delivered) => report.delivered(delivered),
        onRefused(record, failure) {
          if (transaction) throw refusal(plan.topic, record, failure)
          report.refused(record, failure)
        }
      })
      const sender = new Sender(delivery, partitioner)
      if (readsKeyboard(plan, terminal)) terminal.hint('each line is a record; Ctrl-D ends')
      if (isEndless(plan)) terminal.hint('without --rate or -n: as fast as it goes, until Ctrl-C')
      if (transaction) return await sendInTransaction(invocation, plan, source, sender, report, transaction)
      return await sendAll(invocation, plan, source, sender, report)
    } finally {
      await cluster.close().catch(() => {})
    }
  } finally {
    source.close()
  }
}

/** Tens of thousands of records a second until someone looks: nobody should find out by a full disk. */
function isEndless({ template, ratePerSecond, count }: ProducePlan): boolean {
  return template !== undefined && ratePerSecond === undefined && count === undefined
}

async function sendAll(
  invocation: Invocation,
  plan: ProducePlan,
  source: Source,
  sender: Sender,
  report: DeliveryReport
): Promise<ExitCode> {
  try {
    await pump(plan, source.records(report.leftOut), sender, invocation.interrupted)
    await sender.flush()
  } catch (error) {
    // What stands before a line at fault is sent. When that fails too, it comes first.
    const first = await sender.flush().then(
      () => error,
      (failure: unknown) => failure
    )
    throw await report.stopped(first, sender.leftover)
  }
  await report.finished(sender.leftover)
  return invocation.interrupted.aborted ? interruptedExitCode(invocation.interrupted) : ExitCode.done
}

function transactionOf(
  cluster: Cluster,
  { transactionalId, ...options }: Omit<TransactionOptions, 'transactionalId'> & Pick<ProducePlan, 'transactionalId'>
): Transaction | undefined {
  return transactionalId === undefined ? undefined : new Transaction(cluster, { ...options, transactionalId })
}

/** All of it, or nothing: what would be left out, and what a command that is asked to end has not sent, aborts it. */
async function sendInTransaction(
  { terminal, interrupted }: Invocation,
  plan: ProducePlan,
  source: Source,
  sender: Sender,
  report: DeliveryReport,
  transaction: Transaction
): Promise<ExitCode> {
  let isCommitted = false
  try {
    // Of an empty input as well: that nobody else goes on with this id is what beginning says.
    await untilInterrupted(interrupted, transaction.begin())
    const records = source.records((line, sizeBytes) => {
      throw tooLargeToSend(line, sizeBytes)
    })
    await pump(plan, records, sender, interrupted)
    await sender.flush()
    if (!interrupted.aborted) {
      await transaction.commit()
      isCommitted = true
    }
  } catch (error) {
    const stopped = await report.stopped(error, sender.leftover)
    terminal.hint(await transaction.abort())
    throw stopped
  }
  const outcome = isCommitted
    ? `the transaction of ${transaction.transactionalId} was committed`
    : await transaction.abort()
  await report.finished(sender.leftover)
  terminal.hint(outcome)
  return isCommitted ? ExitCode.done : interruptedExitCode(interrupted)
}

/** Takes from the source until it ends, the count is reached or someone interrupts; flushes when the source is slow. */
async function pump(
  plan: ProducePlan,
  source: AsyncIterable<RecordToSend[]>,
  sender: Sender,
  interrupted: AbortSignal
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  const pace = createPace(plan.ratePerSecond, interrupted)
  let left = plan.count ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const next = iterator.next()
    const early = await untilInterrupted(interrupted, orSlow(next))
    if (early === 'slow') await sender.flush()
    const item = early === 'slow' ? await untilInterrupted(interrupted, next) : early
    if (item === undefined || item.done) return
    const records = item.value.slice(0, left)
    left -= records.length
    await pace(records, sender)
    if (interrupted.aborted) return
  }
}

/** What comes within the linger, else 'slow'. Nothing of the pause is left: a fast source asks some hundred times in one linger. */
async function orSlow<Item>(next: Promise<Item>): Promise<Item | 'slow'> {
  const came = new AbortController()
  try {
    return await Promise.race([next, pauseUnless(came.signal, lingerMs).then(() => 'slow' as const)])
  } finally {
    came.abort()
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
        await pauseUnless(interrupted, waitMs)
      }
      if (interrupted.aborted) return
      // What a broker that was away held up is not made up for: the rate is a limit.
      dueMs = Math.max(dueMs, performance.now() - catchUpMs) + intervalMs
      await sender.add([record])
    }
  }
}
