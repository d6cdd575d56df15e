/**
 * What was delivered, for programs: a row for each record as its answer comes, in the format that -o says. The table is for
 * people, who are told on standard error.
 */
import type { Invocation } from '../command.ts'
import { outputFormats } from '../global-options.ts'
import { formatRows, type Row, toJson } from '../output.ts'

export interface DeliveredRows {
  readonly areAskedFor: boolean
  write(rows: readonly Row[]): void
  /** Resolves when all is written, closed if need be. */
  end(): Promise<void>
}

const columns = ['topic', 'partition', 'offset']

export function createDeliveredRows({ terminal, global }: Pick<Invocation, 'terminal' | 'global'>): DeliveredRows {
  const format = outputFormats.find((one) => one === global.output) ?? 'table'
  if (format === 'table') return { areAskedFor: false, write() {}, async end() {} }
  let count = 0
  let writing: Promise<unknown> = Promise.resolve()
  const write = (text: string) => {
    writing = writing.then(() => terminal.write(text))
  }
  return {
    areAskedFor: true,
    write(rows) {
      if (rows.length === 0) return
      write(format === 'json' ? jsonItems(rows, count) : formatRowsBehind(format, rows, count))
      count += rows.length
    },
    async end() {
      if (format === 'json') write(count === 0 ? '[]\n' : '\n]\n')
      await writing
    }
  }
}

function jsonItems(rows: readonly Row[], before: number): string {
  return rows.map((row, at) => `${before + at === 0 ? '[\n' : ',\n'}${toJson(row)}`).join('')
}

/** The heading of csv stands above the first. */
function formatRowsBehind(format: Parameters<typeof formatRows>[0], rows: readonly Row[], before: number): string {
  const text = formatRows(format, columns, rows)
  return format === 'csv' && before > 0 ? text.slice(text.indexOf('\n') + 1) : text
}
