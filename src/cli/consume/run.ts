/**
 * Runs `consume`: opens the positions, prints what arrives, and stops for the first of: the range's end, enough records,
 * the time, Ctrl-C, a closed pipe.
 */
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { connect, requestTimeoutMs } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { brokenPipe, interruptedExitCode } from '../interruption.ts'
import { chosenFormat, grouped } from '../output.ts'
import { describeTopics, type LedPartition, ledPartitions } from '../partitions.ts'
import type { ConsumedRecord } from '../record.ts'
import { createPrinter, type RecordPrinter } from '../record-printer.ts'
import { createFilter } from './filter.ts'
import { GroupReading } from './group-reading.ts'
import { openPositions } from './open-positions.ts'
import { type ConsumePlan, readPlan } from './plan.ts'
import { Reader } from './reader.ts'
import { watchSilence } from './silence.ts'

export async function runConsume(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation, Date.now())
  const printer = createPrinter({
    format: invocation.flags.text('format'),
    output: chosenFormat(invocation),
    encodings: plan.encodings,
    key: invocation.flags.has('withKey') ? 'with key' : 'without key',
    headers: invocation.flags.has('headers') ? 'with headers' : 'without headers',
    style: invocation.terminal.out
  })
  const filter = createFilter(plan.filter)
  const cluster = await connect(invocation.global, requestTimeoutMs(invocation.global))
  try {
    await completeCodecs(cluster.library)
    const topics = await describeTopics(cluster, plan.topics)
    const partitions = ledPartitions(topics, plan.partitions)
    const reading = new Reading(invocation, plan, cluster, printer)
    const code = await reading.run(partitions, (records) => filter.matches(records))
    const complaint = filter.complaint()
    if (complaint) invocation.terminal.hint(complaint)
    return code
  } finally {
    await cluster.close().catch(() => {})
  }
}

type Matches = (records: readonly ConsumedRecord[]) => boolean[]

class Reading {
  readonly #invocation: Invocation
  readonly #plan: ConsumePlan
  readonly #cluster: Cluster
  readonly #printer: RecordPrinter
  readonly #stop: AbortSignal
  readonly #reader: Reader
  #deadline: AbortSignal | undefined
  #printed = 0

  constructor(invocation: Invocation, plan: ConsumePlan, cluster: Cluster, printer: RecordPrinter) {
    this.#invocation = invocation
    this.#plan = plan
    this.#cluster = cluster
    this.#printer = printer
    if (plan.timeoutMs !== undefined) this.#deadline = AbortSignal.timeout(plan.timeoutMs)
    this.#stop = AbortSignal.any([invocation.interrupted, ...(this.#deadline ? [this.#deadline] : [])])
    this.#reader = new Reader(cluster, this.#readerOptions())
  }

  #readerOptions() {
    const { terminal } = this.#invocation
    return { isolation: this.#plan.isolation, interrupted: this.#stop, onNotice: (text: string) => terminal.hint(text) }
  }

  async run(partitions: readonly LedPartition[], matches: Matches): Promise<ExitCode> {
    if (this.#plan.tail !== undefined) await this.#tail(partitions, this.#plan.tail, matches)
    else if (this.#plan.group !== undefined) await this.#readInGroup(partitions, this.#plan.group, matches)
    else await this.#readAlone(partitions, matches)
    await this.#invocation.terminal.write(this.#printer.finish(this.#printed))
    return this.#verdict()
  }

  async #readAlone(partitions: readonly LedPartition[], matches: Matches): Promise<void> {
    await openPositions(this.#cluster, this.#reader, partitions, this.#plan, this.#readerOptions())
    await this.#readAll(matches, undefined)
  }

  async #readInGroup(partitions: readonly LedPartition[], group: string, matches: Matches): Promise<void> {
    const { global, terminal } = this.#invocation
    const reading = await GroupReading.join(
      this.#cluster,
      global,
      group,
      partitions,
      this.#reader,
      this.#plan,
      (text) => terminal.hint(text)
    )
    try {
      await reading.followAssignment(this.#readerOptions())
      await this.#readAll(matches, reading)
    } finally {
      await reading.leave()
    }
  }

  async #readAll(matches: Matches, group: GroupReading | undefined): Promise<void> {
    const silence = watchSilence(this.#reader, this.#invocation.terminal)
    try {
      for await (const records of this.#reader.read()) {
        if (records.length > 0) silence.heard()
        const taken = await this.#print(records, matches(records))
        group?.taken(records.slice(0, taken))
        if (this.#enough()) return
        await group?.followAssignment(this.#readerOptions())
      }
      group?.reachedEnd()
    } finally {
      silence.stop()
    }
  }

  /** Returns how many of the records were dealt with; fewer than all when enough were printed. */
  async #print(records: readonly ConsumedRecord[], verdicts: readonly boolean[]): Promise<number> {
    const chunks: Array<string | Uint8Array> = []
    let taken = 0
    for (const record of records) {
      if (this.#enough()) break
      if (verdicts[taken]) chunks.push(this.#printer.print(record, ++this.#printed))
      taken++
    }
    if (chunks.length > 0) await this.#invocation.terminal.write(joinChunks(chunks))
    return taken
  }

  async #tail(partitions: readonly LedPartition[], count: number, matches: Matches): Promise<void> {
    const plan = { ...this.#plan, range: { from: { kind: 'before-end', count } } } as const
    await openPositions(this.#cluster, this.#reader, partitions, plan, this.#readerOptions())
    const last: ConsumedRecord[] = []
    for await (const records of this.#reader.read()) last.push(...records)
    last.sort((a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || Number(a.offset - b.offset))
    const chosen = count === 0 ? [] : last.slice(-count)
    await this.#print(chosen, matches(chosen))
  }

  #enough(): boolean {
    return this.#plan.count !== undefined && this.#printed >= this.#plan.count
  }

  #verdict(): ExitCode {
    const { interrupted, terminal } = this.#invocation
    const { expect, count, exitAtEnd } = this.#plan
    const missed = expect !== undefined && this.#printed < expect
    if (interrupted.reason === brokenPipe) return ExitCode.done
    if (interrupted.aborted && !this.#enough()) return interruptedExitCode(interrupted)
    if (missed) {
      terminal.hint(`expected ${grouped(expect)} records, got ${grouped(this.#printed)}`)
      return ExitCode.notMet
    }
    const awaited = (count !== undefined && !this.#enough()) || (exitAtEnd && !this.#reader.finished)
    if (this.#deadline?.aborted && awaited) {
      terminal.hint(`the time was over after ${grouped(this.#printed)} records`)
      return ExitCode.notMet
    }
    return ExitCode.done
  }
}

function joinChunks(chunks: ReadonlyArray<string | Uint8Array>): string | Uint8Array {
  const texts = chunks.filter((chunk) => typeof chunk === 'string')
  if (texts.length === chunks.length) return texts.join('')
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))
}
