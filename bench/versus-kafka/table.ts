/** The figures of a run as a table: medians, how far they lie apart, and the ratios that count. */
import type { ContenderName } from './contenders.ts'

export interface Figures {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly measured: Record<ContenderName, number[]>
}

const HEADINGS = ['row', 'unit', 'Apache Kafka', 'Odradek', 'null broker', 'to Kafka', 'to null', 'better']

export function tableOf(results: readonly Figures[]): string {
  const lines = results.map(lineOf)
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0))
  )
  const render = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
    )
    return `| ${padded.join(' | ')} |\n`
  }
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|\n`
  return render(HEADINGS) + rule + lines.map(render).join('')
}

function lineOf({ name, unit, better, measured }: Figures): string[] {
  return [
    name,
    unit,
    figure(measured.kafka),
    figure(measured.odradek),
    figure(measured.null),
    ratio(measured.odradek, measured.kafka),
    ratio(measured.odradek, measured.null),
    better
  ]
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  if (upper === undefined) return null
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** The median, and how far apart the lowest and the highest are, in percent of it. */
function figure(values: readonly number[]): string {
  const middle = median(values)
  if (middle === null) return '-'
  const shown = middle >= 100 ? Math.round(middle).toLocaleString('en') : middle.toFixed(1)
  if (values.length < 2) return shown
  const spread = ((Math.max(...values) - Math.min(...values)) / middle) * 100
  return `${shown} ±${Math.round(spread / 2)}%`
}

function ratio(values: readonly number[], reference: readonly number[]): string {
  const [own, other] = [median(values), median(reference)]
  return own === null || other === null || other === 0 ? '-' : (own / other).toFixed(2)
}
