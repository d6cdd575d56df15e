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
  const whole = columns.map((name) => tableColumn(name, rows))
  return partsOf(whole, rows.length, widthMax)
    .map((part) => formatPart(part, rows.length, heading, widthMax))
    .join('\n')
}

interface TableColumn {
  readonly name: string
  readonly cells: readonly string[]
  readonly isNumeric: boolean
  readonly width: number
  /** A number is never shortened. */
  readonly leastWidth: number
}

/** Shorter, a name is no longer told from others. */
const readableWidth = 12
const gap = 2

function tableColumn(name: string, rows: readonly Row[]): TableColumn {
  const cells = rows.map((row) => cellText(row[name] ?? null))
  const numeric = rows.every((row) => isNumeric(row[name] ?? null))
  const width = cells.reduce((most, text) => Math.max(most, text.length), name.length)
  const leastWidth = numeric ? width : Math.min(width, Math.max(name.length, readableWidth))
  return { name, cells, isNumeric: numeric, width, leastWidth }
}

/** Columns that do not fit beside each other stand in a table below, behind those that tell the rows apart. */
function partsOf(columns: readonly TableColumn[], rowCount: number, widthMax: number): TableColumn[][] {
  const sum = (of: readonly number[]): number => of.reduce((total, width) => total + width + gap, -gap)
  if (sum(columns.map(({ leastWidth }) => leastWidth)) <= widthMax) return [[...columns]]
  const key = columns.slice(0, keyLength(columns, rowCount))
  let part = [...key]
  const parts = [part]
  for (const column of columns.slice(key.length)) {
    const isTooWide = sum([...part, column].map(({ width }) => width)) > widthMax
    if (isTooWide && part.length > key.length) {
      part = [...key]
      parts.push(part)
    }
    part.push(column)
  }
  return parts
}

/** So many columns from the first on tell each row from the others. */
function keyLength(columns: readonly TableColumn[], rowCount: number): number {
  for (let length = 1; length < columns.length; length++) {
    const keys = Array.from({ length: rowCount }, (_, row) =>
      toJson(columns.slice(0, length).map(({ cells }) => cells[row]))
    )
    if (new Set(keys).size === rowCount) return length
  }
  return 1
}

function formatPart(
  columns: readonly TableColumn[],
  rowCount: number,
  heading: (text: string) => string,
  widthMax: number
): string {
  const widths = columns.map(({ width }) => width)
  narrow(
    widths,
    columns.map(({ leastWidth }) => leastWidth),
    widthMax
  )
  const line = (textOf: (column: TableColumn) => string): string =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0
        const text = shortened(textOf(column), width)
        return column.isNumeric ? text.padStart(width) : text.padEnd(width)
      })
      .join(' '.repeat(gap))
      .trimEnd()
  const lines = Array.from({ length: rowCount }, (_, row) => line(({ cells }) => cells[row] ?? ''))
  return [heading(line(({ name }) => name.toUpperCase())), ...lines].map((text) => `${text}\n`).join('')
}

/** What does not fit a terminal is taken from the widest text, letter by letter, and never from a number. */
function narrow(widths: number[], least: readonly number[], widthMax: number): void {
  let over = widths.reduce((sum, width) => sum + width + gap, -gap) - widthMax
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
