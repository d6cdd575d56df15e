/**
 * Runs `consume`: opens the positions, prints what arrives, and stops for the first of: the range's end, enough records,
 * the time, Ctrl-C, a closed pipe.
 */

import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { connect, openCluster, requestTimeoutMs } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { findingLine } from '../explain/shown.ts'
import { isPattern } from '../glob.ts'
import { brokenPipe, interruptedExitCode } from '../interruption.ts'
import { perhapsATimeOfDay } from '../offsets.ts'
import { Outage, patiently } from '../outage.ts'
import { chosenFormat, grouped } from '../output.ts'
import { type LedPartition, ledNow, ledPartitions } from '../partitions.ts'
import { toCliError } from '../present-error.ts'
import type { ConsumedRecord } from '../record.ts'
import { recordFields } from '../record-json.ts'
import { createPrinter, type RecordPrinter } from '../record-printer.ts'
import { findTopics } from '../topic-names.ts'
import { explainReading, whatWasPassedOver } from './explain.ts'
import { createFilter, type Filter } from './filter.ts'
import { GroupReading } from './group-reading.ts'
import { Growth } from './growth.ts'
import { follows, openPassedOver, openPositions } from './open-positions.ts'
import { type ConsumePlan, readPlan } from './plan.ts'
import { Reader, type ReaderOptions } from './reader.ts'
import { readShared, refuseForShare } from './share/run-share.ts'
import { watchSilence } from './silence.ts'

export async function runConsume(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation, Date.now())
  if (plan.share !== undefined) refuseForShare(invocation, plan)
  const printer = createPrinter({
    format: invocation.flags.text('format'),
    output: chosenFormat(invocation),
    encodings: plan.encodings,
    key: invocation.flags.has('withKey') ? 'with key' : 'without key',
    headers: invocation.flags.has('headers') ? 'with headers' : 'without headers',
    shownNull: invocation.flags.has('showNull') ? 'NULL' : '',
    style: invocation.terminal.out
  })
  const filter = createFilter(plan.filter, (line) => invocation.terminal.hint(line))
  const cluster = await connect(invocation.global, requestTimeoutMs(invocation.global))
  try {
    await completeCodecs(cluster.library)
    if (plan.share !== undefined) {
      const code = await readShared(invocation, plan, plan.share, cluster, printer, filter)
      filter.conclude()
      return code
    }
    const partitions = ledPartitions(await findTopics(cluster, plan.topics, 'can be made'), plan.partitions)
    const reading = new Reading(invocation, plan, cluster, printer, filter)
    const code = await reading.run(partitions)
    filter.conclude()
    return code
  } finally {
    await cluster.close().catch(() => {})
  }
}

interface Following {
  taken(records: readonly ConsumedRecord[]): void
  /** Between two answers: what is to be read may have changed. */
  follow(): Promise<void>
}

class Reading {
  readonly #invocation: Invocation
  readonly #plan: ConsumePlan
  readonly #cluster: Cluster
  readonly #printer: RecordPrinter
  readonly #filter: Filter
  readonly #stop: AbortSignal
  readonly #reader: Reader
  readonly #outage: Outage
  #deadline: AbortSignal | undefined
  /** Whether it is known what is to be read. */
  #isOpen = false
  /** What became of the last offsets of a group. */
  #lastOffsets: 'committed' | 'not committed' = 'committed'
  #printed = 0
  #isExplained = false

  constructor(invocation: Invocation, plan: ConsumePlan, cluster: Cluster, printer: RecordPrinter, filter: Filter) {
    this.#invocation = invocation
    this.#plan = plan
    this.#cluster = cluster
    this.#printer = printer
    this.#filter = filter
    if (plan.timeoutMs !== undefined) this.#deadline = AbortSignal.timeout(plan.timeoutMs)
    this.#stop = AbortSignal.any([invocation.interrupted, ...(this.#deadline ? [this.#deadline] : [])])
    this.#outage = new Outage(cluster.brokers, (line) => this.#hint(line))
    this.#reader = new Reader(cluster, this.#readerOptions())
  }

  #hint(line: string): void {
    this.#invocation.terminal.hint(line)
  }

  #readerOptions(): ReaderOptions {
    return {
      isolation: this.#plan.isolation,
      interrupted: this.#stop,
      onNotice: (line: string) => this.#hint(line),
      outage: this.#outage
    }
  }

  /** Whoever was asked to end need not wait for a broker that is away. */
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    return await patiently(this.#outage, this.#stop, work)
  }

  async run(partitions: readonly LedPartition[]): Promise<ExitCode> {
    if (this.#plan.tail !== undefined) await this.#tail(partitions, this.#plan.tail)
    else if (this.#plan.group !== undefined) await this.#readInGroup(partitions, this.#plan.group)
    else await this.#readAlone(partitions)
    await this.#invocation.terminal.write(this.#printer.finish(this.#printed))
    return this.#verdict()
  }

  /** Returns why there is nothing to read, if so. */
  async #open(partitions: readonly LedPartition[], plan: ConsumePlan): Promise<string | undefined> {
    let attempts = 0
    return await this.#patiently(async () => {
      // Who led a partition before a broker went away may not lead it now.
      const chosen = attempts++ === 0 ? partitions : await ledNow(this.#cluster, partitions)
      const nothing = await openPositions(this.#cluster, this.#reader, chosen, plan, this.#readerOptions())
      this.#isOpen = true
      return nothing
    })
  }

  async #readAlone(partitions: readonly LedPartition[]): Promise<void> {
    const nothing = await this.#open(partitions, this.#plan)
    if (nothing !== undefined) this.#hint(nothing)
    else this.#tellOffsets()
    const growth = new Growth(this.#cluster, this.#plan, this.#reader, (line) => this.#hint(line))
    const open = (again: readonly LedPartition[]) =>
      openPassedOver(this.#cluster, this.#reader, again, this.#plan, this.#readerOptions())
    const follow = async () => {
      if (follows(this.#plan)) await this.#patiently(() => growth.addNew(open))
    }
    await this.#readAll(partitions, { taken: () => {}, follow })
  }

  async #readInGroup(partitions: readonly LedPartition[], group: string): Promise<void> {
    const reading = await GroupReading.join({
      cluster: this.#cluster,
      global: this.#invocation.global,
      group,
      partitions,
      reader: this.#reader,
      plan: { ...this.#plan, topics: topicsOf(partitions) },
      onNotice: (line) => this.#hint(line),
      outage: this.#outage
    })
    const growth = new Growth(this.#cluster, this.#plan, this.#reader, (line) => this.#hint(line))
    const follow = async () => {
      if (this.#plan.topics.some(isPattern)) reading.subscribe(topicsOf((await growth.look()) ?? []))
      await this.#patiently(() => reading.followAssignment(this.#readerOptions()))
    }
    try {
      await follow()
      this.#tellOffsets()
      this.#isOpen = !this.#stop.aborted
      const left = await this.#readAll(partitions, { taken: (records) => reading.taken(records), follow })
      if (left === 'nothing left') reading.reachedEnd()
    } finally {
      this.#lastOffsets = await reading.leave()
    }
  }

  /** Whoever writes 17:31 for a time gets other records, and would not notice. */
  #tellOffsets(): void {
    const { from, to } = this.#plan.range
    const timeOfDay = perhapsATimeOfDay(this.#plan.range)
    if (timeOfDay === undefined || from.kind !== 'offset' || to?.kind !== 'offset') return
    this.#hint(`offsets ${from.offset} to ${to.offset - 1n}; ${timeOfDay}`)
  }

  /** Returns whether something was read that was not dealt with. */
  async #readAll(
    partitions: readonly LedPartition[],
    following: Following
  ): Promise<'nothing left' | 'something left'> {
    const explain = this.#plan.explains ? () => void this.#explain(partitions) : undefined
    const silence = watchSilence(this.#reader, this.#outage, this.#invocation.terminal, explain)
    try {
      for await (const records of this.#reader.read()) {
        if (records.length > 0) silence.heard()
        const taken = await this.#print(records, this.#filter.matches(records))
        following.taken(records.slice(0, taken))
        if (taken < records.length) return 'something left'
        if (this.#enough()) return 'nothing left'
        await following.follow()
      }
      if (this.#plan.explains && this.#printed === 0 && !this.#stop.aborted) await this.#explain(partitions)
      else this.#tellPassedOver()
      return 'nothing left'
    } finally {
      silence.stop()
    }
  }

  /** Nothing else tells a topic whose records were all aborted from an empty one. */
  #tellPassedOver(): void {
    if (this.#isExplained || this.#stop.aborted) return
    for (const finding of whatWasPassedOver(this.#plan, this.#reader)) this.#hint(findingLine(finding))
  }

  /** Once: what is so is told of who stops at the end, too. What cannot be told for the moment keeps nobody from reading. */
  async #explain(partitions: readonly LedPartition[]): Promise<void> {
    if (this.#isExplained) return
    this.#isExplained = true
    const { global } = this.#invocation
    const timeoutMs = requestTimeoutMs(global)
    // By connections of its own: a broker answers one by one, and each fetch waits for half a second.
    const cluster = await openCluster(global, timeoutMs, timeoutMs, this.#cluster.brokers)
    const of = { cluster, plan: this.#plan, reader: this.#reader, filter: this.#filter, partitions }
    try {
      for (const finding of await explainReading(of)) this.#hint(findingLine(finding))
    } catch (error) {
      this.#hint(`why nothing comes cannot be told now: ${toCliError(error).message}`)
    } finally {
      await cluster.close().catch(() => {})
    }
  }

  /** Returns how many of the records were dealt with; fewer than all when enough were printed, or nobody takes them. */
  async #print(records: readonly ConsumedRecord[], verdicts: readonly boolean[]): Promise<number> {
    const chunks: Array<string | Uint8Array> = []
    let taken = 0
    for (const record of records) {
      if (this.#enough()) break
      if (verdicts[taken]) {
        chunks.push(this.#printer.print(record, ++this.#printed))
        this.#invocation.terminal.onRow?.(recordFields(record, this.#plan.encodings))
      }
      taken++
    }
    if (chunks.length === 0) return taken
    // The pipe may break after Ctrl-C, so what the command was interrupted by does not tell.
    return (await this.#invocation.terminal.write(joinChunks(chunks))) === 'written' ? taken : 0
  }

  async #tail(partitions: readonly LedPartition[], count: number): Promise<void> {
    const plan = { ...this.#plan, range: { from: { kind: 'before-end', count } } } as const
    const nothing = await this.#open(partitions, plan)
    if (nothing !== undefined && count > 0) this.#hint(nothing)
    const read: ConsumedRecord[][] = []
    for await (const records of this.#reader.read()) read.push(records)
    this.#tellPassedOver()
    const last = read.flat()
    last.sort((a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || Number(a.offset - b.offset))
    const chosen = count === 0 ? [] : last.slice(-count)
    await this.#print(chosen, this.#filter.matches(chosen))
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
      terminal.hint(`expected ${counted(expect, 'record')}, got ${grouped(this.#printed)}`)
      return ExitCode.notMet
    }
    if (this.#deadline?.aborted && this.#outage.lastsMs > 0) throw this.#outage.toError()
    const [passedOver] = this.#reader.passedOver.values()
    if (this.#deadline?.aborted && passedOver && this.#reader.positions.size === 0) throw passedOver.reason
    const hasEnded = this.#isOpen && this.#reader.finished
    const awaited = (count !== undefined && !this.#enough()) || (exitAtEnd && !hasEnded)
    if (this.#deadline?.aborted && awaited) {
      terminal.hint(`the time was over after ${counted(this.#printed, 'record')}`)
      return ExitCode.notMet
    }
    const isWhole = this.#reader.passedOver.size === 0 && this.#lastOffsets === 'committed'
    return isWhole ? ExitCode.done : ExitCode.partFailed
  }
}

function topicsOf(partitions: readonly LedPartition[]): string[] {
  return [...new Set(partitions.map((partition) => partition.topic))]
}

function joinChunks(chunks: ReadonlyArray<string | Uint8Array>): string | Uint8Array {
  const texts = chunks.filter((chunk) => typeof chunk === 'string')
  if (texts.length === chunks.length) return texts.join('')
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))
}
