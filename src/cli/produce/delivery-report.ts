/**
 * Tells what was delivered: a few records one by one, many as a sum, with progress while it takes long. With -o jsonl (or
 * json lines of another name) every record on standard output, for programs.
 */
import type { Invocation } from '../command.ts'
import { cellText, formatRows, grouped, type Row } from '../output.ts'
import type { Delivery } from './sender.ts'
import type { Source } from './source.ts'

const fewRecords = 10
const progressAfterMs = 1000
const statusIntervalMs = 200
const lineIntervalMs = 3000

export interface DeliveryReport {
  delivered(deliveries: readonly Delivery[]): void
  finished(): Promise<void>
  /** After a failure: what had been delivered before. */
  stopped(): Promise<void>
}

export function createDeliveryReport(invocation: Invocation, topic: string, source: Source): DeliveryReport {
  const { terminal, global } = invocation
  const forMachines = global.output !== undefined && global.output !== 'table'
  const startMs = performance.now()
  const partitions = new Set<number>()
  const first: Delivery[] = []
  let count = 0
  let writing: Promise<void> = Promise.resolve()
  const intervalMs = terminal.stderrIsTty ? statusIntervalMs : lineIntervalMs
  const timer = setInterval(() => showProgress(invocation, source, count, performance.now() - startMs), intervalMs)
  timer.unref()

  const end = async () => {
    clearInterval(timer)
    terminal.status('')
    await writing
  }
  return {
    delivered(deliveries) {
      count += deliveries.length
      for (const delivery of deliveries) partitions.add(delivery.partition)
      if (first.length <= fewRecords) first.push(...deliveries.slice(0, fewRecords + 1 - first.length))
      if (forMachines) {
        const text = formatRows('jsonl', [], deliveries.map(deliveryRow))
        writing = writing.then(() => terminal.write(text))
      }
    },
    async finished() {
      await end()
      const elapsedMs = performance.now() - startMs
      if (forMachines) return
      if (count > 0 && count <= fewRecords) for (const delivery of first) terminal.hint(deliveryLine(delivery))
      else terminal.hint(summary(count, topic, partitions.size, elapsedMs))
    },
    async stopped() {
      await end()
      if (count > 0) terminal.hint(`${grouped(count)} records were delivered to ${topic} before this:`)
    }
  }
}

function deliveryRow(delivery: Delivery): Row {
  return { topic: delivery.topic, partition: delivery.partition, offset: delivery.offset ?? null }
}

function deliveryLine({ topic, partition, offset }: Delivery): string {
  return `${topic} partition ${partition}${offset === undefined ? '' : ` offset ${cellText(offset)}`}`
}

/** `200,000 records to orders (3 partitions), 0.9 s` */
export function summary(count: number, topic: string, partitions: number, elapsedMs: number): string {
  const seconds = elapsedMs < 10_000 ? (elapsedMs / 1000).toFixed(1) : String(Math.round(elapsedMs / 1000))
  const records = count === 1 ? '1 record' : `${grouped(count)} records`
  const where = partitions === 0 ? '' : ` (${partitions} ${partitions === 1 ? 'partition' : 'partitions'})`
  return `${records} to ${topic}${where}, ${seconds} s`
}

function showProgress({ terminal }: Invocation, source: Source, count: number, elapsedMs: number): void {
  if (elapsedMs < progressAfterMs || count === 0) return
  const { readBytes, totalBytes } = source.progress()
  const perSecond = grouped(Math.round((count * 1000) / elapsedMs))
  const share = totalBytes ? Math.min(1, readBytes / totalBytes) : undefined
  const text = `${grouped(count)} records, ${perSecond}/s`
  if (!terminal.stderrIsTty)
    terminal.hint(share === undefined ? text : `${text}, ${Math.floor(share * 100)} % of the file`)
  else terminal.status(share === undefined ? text : `${bar(share)} ${text}`)
}

function bar(share: number): string {
  const full = Math.round(share * 20)
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${String(Math.floor(share * 100)).padStart(3)} %`
}
