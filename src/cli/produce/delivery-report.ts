/**
 * Tells what was delivered: records that are typed as they come, a few records one by one, many as a sum, with progress while it
 * takes long. With -o jsonl or another format for programs, every record on standard output.
 */

import { CliError } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import type { KafkaFailure } from '../kafka-failure.ts'
import { cellText, grouped, type Row } from '../output.ts'
import { exitCodeOf, explainFailure, toCliError } from '../present-error.ts'
import { createDeliveredRows } from './delivered-rows.ts'
import type { Delivered, PlacedRecord } from './delivery.ts'
import { LineError } from './line-error.ts'
import { lineBytesMax } from './lines.ts'
import { type ProducePlan, readsKeyboard } from './plan.ts'
import type { Leftover } from './sender.ts'
import type { Source } from './source.ts'

const fewRecords = 10
const progressAfterMs = 1000
const statusIntervalMs = 200
const lineIntervalMs = 3000
const paceMs = 3000

/** Records that the broker refused are named one by one up to so many. */
const namedRefusals = 10

export interface DeliveryReport {
  delivered(deliveries: readonly Delivered[]): void
  refused(record: PlacedRecord, failure: KafkaFailure): void
  /** A line that is not even sent. */
  leftOut(line: number, sizeBytes: number): void
  /** With what an interruption left over. Throws when records were refused. */
  finished(leftover: Leftover): Promise<void>
  /** After a failure: tells what was delivered before, and returns the failure with where to go on. */
  stopped(failure: unknown, leftover: Leftover): Promise<unknown>
}

export function createDeliveryReport(invocation: Invocation, plan: ProducePlan, source: Source): DeliveryReport {
  const { topic } = plan
  const { terminal } = invocation
  const forPrograms = createDeliveredRows(invocation)
  const startMs = performance.now()
  const pace = createPace(startMs)
  const partitions = new Set<number>()
  const first: Delivered[] = []
  let count = 0
  let refusedCount = 0
  let firstRefusal: CliError | undefined
  let lastLine = 0
  const intervalMs = terminal.stderrIsTty ? statusIntervalMs : lineIntervalMs
  // Who types sees what became of each line, not how many lines a second he types.
  const isTyped = readsKeyboard(plan, terminal)
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const perSecond = pace(nowMs, count)
    if (!isTyped && nowMs - startMs > progressAfterMs && count > 0)
      showProgress(invocation, source, records(count), perSecond)
  }, intervalMs)
  timer.unref()

  const end = async () => {
    clearInterval(timer)
    terminal.status('')
    await forPrograms.end()
  }
  const tell = () => {
    if (count > 0 && count <= fewRecords && !isTyped)
      for (const delivery of first) terminal.hint(deliveryLine(topic, delivery))
    else if (count > 0 || firstRefusal === undefined) {
      terminal.hint(summary(count, topic, partitions.size, performance.now() - startMs))
    }
  }
  const refuse = (refused: CliError, reason: string) => {
    refusedCount++
    firstRefusal ??= refused
    if (refusedCount <= namedRefusals) terminal.hint(`${refused.message}: ${reason}; going on`)
  }
  const tellLeftover = ({ unanswered, unsent }: Leftover) => {
    if (unanswered > 0) terminal.hint(`${records(unanswered)} had no answer, and may or may not have arrived`)
    if (unsent > 0) terminal.hint(`${records(unsent)} ${wasOrWere(unsent)} not sent`)
  }
  return {
    delivered(deliveries) {
      count += deliveries.length
      for (const { record } of deliveries) {
        partitions.add(record.partition)
        lastLine = Math.max(lastLine, record.line ?? 0)
      }
      if (first.length <= fewRecords) first.push(...deliveries.slice(0, fewRecords + 1 - first.length))
      const rows = deliveries.map((one) => deliveryRow(topic, one))
      for (const row of rows) terminal.onRow?.(row)
      if (isTyped && !forPrograms.areAskedFor)
        for (const delivery of deliveries) terminal.hint(deliveryLine(topic, delivery))
      forPrograms.write(rows)
    },
    refused(record, failure) {
      refuse(refusal(topic, record, failure), failure.name)
    },
    leftOut(line, sizeBytes) {
      refuse(tooLargeToSend(line, sizeBytes), `larger than ${lineMiBMax} MiB`)
    },
    async finished(leftover) {
      await end()
      tellLeftover(leftover)
      if (!forPrograms.areAskedFor) tell()
      if (firstRefusal) throw partRefused(firstRefusal, refusedCount, count)
    },
    async stopped(failure, leftover) {
      await end()
      // All of it is to be sent again, whatever was delivered.
      if (plan.transactionalId !== undefined) return failure
      const { firstLine = failure instanceof LineError ? failure.line : undefined } = leftover
      if (count > 0) terminal.hint(`${records(count)} ${wasOrWere(count)} delivered to ${topic} before this`)
      else if (firstLine !== undefined) terminal.hint(`nothing was delivered to ${topic} before this`)
      if (refusedCount > 0) terminal.hint(`${records(refusedCount)} ${wasOrWere(refusedCount)} refused`)
      tellLeftover(leftover)
      if (firstLine === undefined) return failure
      // Another partition may have been faster.
      if (lastLine > firstLine) terminal.hint(`lines behind line ${grouped(firstLine)} are among those delivered`)
      return plan.file === undefined && terminal.stdinIsTty ? failure : withPlace(failure, firstLine, plan)
    }
  }
}

function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were'
}

/** The failure, with how to go on from that line once it is mended. */
function withPlace(failure: unknown, line: number, { topic, file = '-' }: ProducePlan): CliError {
  const { message, why, next, exitCode } = toCliError(failure)
  const mended = failure instanceof LineError ? `mend line ${line}, then ` : ''
  const [from, kept] = file === '-' ? ['FILE', '; FILE holds what came on the pipe'] : [file, '']
  const goOn = `${mended}tail -n +${line} ${from} | odradek produce ${topic}   (goes on from line ${line}, with the same options${kept})`
  return new CliError({
    what: message,
    why,
    next: next === undefined ? goOn : `${next}\n${goOn}`,
    exitCode,
    cause: failure
  })
}

const lineMiBMax = lineBytesMax / 1024 ** 2

/** A line that is not even sent. */
export function tooLargeToSend(line: number, sizeBytes: number): CliError {
  return new CliError({
    what: `line ${grouped(line)} (${grouped(sizeBytes)} bytes) was refused`,
    why: `a line of more than ${lineMiBMax} MiB is not sent; brokers take records of 1 MiB unless max.message.bytes is raised`,
    next: `sed -n ${line}p FILE > large   (takes it out, to be cut into smaller ones)`
  })
}

/** `line 7 (2,000,003 bytes) was refused`, with Kafka's reason. */
export function refusal(topic: string, record: PlacedRecord, failure: KafkaFailure): CliError {
  const sizeBytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  const name = record.line === undefined ? 'the record' : `line ${grouped(record.line)}`
  return new CliError({
    what: `${name} (${grouped(sizeBytes)} bytes) was refused`,
    why: explainFailure(failure),
    next: remedy(failure.name, topic),
    exitCode: exitCodeOf(failure)
  })
}

function remedy(name: string, topic: string): string | undefined {
  if (name === 'MESSAGE_TOO_LARGE') return `odradek topics alter ${topic} -c max.message.bytes=10MiB`
  if (name === 'INVALID_RECORD') return `odradek topics describe ${topic}   (a compacted topic needs keys: -k or -K)`
  return undefined
}

function partRefused(first: CliError, refused: number, delivered: number): CliError {
  const others = refused === 1 ? '' : `; the first of them: ${first.message}`
  return new CliError({
    what: refused === 1 ? first.message : `${records(refused)} were refused, ${grouped(delivered)} delivered${others}`,
    why: first.why,
    next: first.next,
    exitCode: delivered === 0 ? first.exitCode : ExitCode.partFailed
  })
}

function deliveryRow(topic: string, { record, offset }: Delivered): Row {
  return { topic, partition: record.partition, offset: offset ?? null }
}

function deliveryLine(topic: string, { record, offset }: Delivered): string {
  return `${topic} partition ${record.partition}${offset === undefined ? '' : ` offset ${cellText(offset)}`}`
}

function records(count: number): string {
  return counted(count, 'record')
}

/** `200,000 records to orders (3 partitions), 0.9 s` */
export function summary(count: number, topic: string, partitions: number, elapsedMs: number): string {
  const seconds = elapsedMs < 10_000 ? (elapsedMs / 1000).toFixed(1) : String(Math.round(elapsedMs / 1000))
  const where = partitions === 0 ? '' : ` (${counted(partitions, 'partition')})`
  return `${records(count)} to ${topic}${where}, ${seconds} s`
}

/**
 * How many come a second, by what came within the last few: once a broker that was away is back, the wait is no part of it.
 * Each call adds what has come by then.
 */
export function createPace(startMs: number): (nowMs: number, count: number) => number {
  const marks = [{ atMs: startMs, count: 0 }]
  return (nowMs, count) => {
    marks.push({ atMs: nowMs, count })
    const since = marks.findLastIndex(({ atMs }) => atMs <= nowMs - paceMs)
    if (since > 0) marks.splice(0, since)
    const [first = { atMs: nowMs, count }] = marks
    return Math.round(((count - first.count) * 1000) / Math.max(1, nowMs - first.atMs))
  }
}

function showProgress({ terminal }: Invocation, source: Source, delivered: string, perSecond: number): void {
  const { readBytes, totalBytes } = source.progress()
  const share = totalBytes ? Math.min(1, readBytes / totalBytes) : undefined
  const text = `${delivered}, ${grouped(perSecond)}/s`
  if (!terminal.stderrIsTty) {
    // While nothing comes, the last line still says how many there are; why, the outage says.
    if (perSecond > 0) terminal.hint(share === undefined ? text : `${text}, ${Math.floor(share * 100)} % of the file`)
  } else terminal.status(share === undefined ? text : `${bar(share)} ${text}`)
}

function bar(share: number): string {
  const full = Math.round(share * 20)
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${String(Math.floor(share * 100)).padStart(3)} %`
}
