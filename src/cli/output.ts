/**
 * Prints lists in the format that was asked for: a table for people, JSON lines in a pipe; also json, yaml, csv and raw
 * (tab-separated, no heading).
 */
import type { Invocation } from './command.ts'
import type { OutputFormat } from './global-options.ts'
import { outputFormats } from './global-options.ts'
import { toYaml } from './yaml.ts'

export type Cell = string | number | bigint | boolean | null | readonly Cell[] | { readonly [name: string]: Cell }
export type Row = Readonly<Record<string, Cell>>

export function chosenFormat(invocation: Pick<Invocation, 'global' | 'terminal'>): OutputFormat {
  const asked = outputFormats.find((format) => format === invocation.global.output)
  return asked ?? (invocation.terminal.stdoutIsTty ? 'table' : 'jsonl')
}

/** Columns name what tables and csv show; the JSON formats carry every field of a row. */
export async function printRows(
  invocation: Pick<Invocation, 'global' | 'terminal'>,
  columns: readonly string[],
  rows: readonly Row[]
): Promise<void> {
  const { terminal } = invocation
  for (const row of rows) terminal.onRow?.(row)
  const format = chosenFormat(invocation)
  if (format === 'table') await terminal.write(formatTable(columns, rows, terminal.out.bold, terminal.columns))
  else await terminal.write(formatRows(format, columns, rows))
}

export function formatRows(
  format: Exclude<OutputFormat, 'table'>,
  columns: readonly string[],
  rows: readonly Row[]
): string {
  switch (format) {
    case 'json':
      return `${toJson(rows, 2)}\n`
    case 'jsonl':
      return rows.map((row) => `${toJson(row)}\n`).join('')
    case 'yaml':
      return toYaml(rows.map((row) => JSON.parse(toJson(row))))
    case 'csv':
      return [columns, ...rows.map((row) => columns.map((column) => cellText(row[column] ?? null)))]
        .map((cells) => `${cells.map(csvCell).join(',')}\n`)
        .join('')
    case 'raw':
      return rows.map((row) => `${columns.map((column) => cellText(row[column] ?? null)).join('\t')}\n`).join('')
  }
}

/** Numbers that JSON's readers would round are written as strings. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => {
      if (typeof inner === 'bigint') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner)
      return inner
    },
    indent
  )
}

export function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (Array.isArray(cell)) return cell.map(cellText).join(',')
  if (typeof cell === 'object') return toJson(cell)
  return String(cell)
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function formatTable(
  columns: readonly string[],
  rows: readonly Row[],
  heading: (text: string) => string = (text) => text,
  widthMax = Infinity
): string {
  const whole = rows.map((row) => columns.map((column) => cellText(row[column] ?? null)))
  const numeric = columns.map((column) => rows.every((row) => isNumeric(row[column] ?? null)))
  const widths = columns.map((column, index) =>
    whole.reduce((width, row) => Math.max(width, (row[index] ?? '').length), column.length)
  )
  narrow(
    widths,
    columns.map((column, index) => (numeric[index] ? Infinity : Math.max(column.length, readableWidth))),
    widthMax
  )
  const cells = whole.map((row) => row.map((text, index) => shortened(text, widths[index] ?? 0)))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => (numeric[index] ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd()
  return [heading(line(columns.map((column) => column.toUpperCase()))), ...cells.map(line)]
    .map((text) => `${text}\n`)
    .join('')
}

/** Shorter, a name is no longer told from others. */
const readableWidth = 12

/** What does not fit a terminal is taken from the widest text, letter by letter, and never from a number. */
function narrow(widths: number[], least: readonly number[], widthMax: number): void {
  let over = widths.reduce((sum, width) => sum + width + 2, -2) - widthMax
  for (; over > 0; over--) {
    const spare = widths.map((width, index) => (width > (least[index] ?? 0) ? width : 0))
    const widest = Math.max(...spare)
    if (widest === 0) return
    widths[spare.indexOf(widest)] = widest - 1
  }
}

/** The beginning and the end, which tell `consumer-1-…` from the others. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text
  const behind = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - behind)}…${text.slice(text.length - behind)}`
}

function isNumeric(cell: Cell): boolean {
  return cell === null || typeof cell === 'number' || typeof cell === 'bigint'
}

/** 1234567 as 1,234,567. */
export function grouped(count: number | bigint): string {
  return count.toLocaleString('en-US')
}
