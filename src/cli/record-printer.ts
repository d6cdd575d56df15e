/**
 * Prints records as they arrive: lines for people on a terminal, JSON lines in a pipe, or as -o and -f say.
 */
import { isUtf8 } from 'node:buffer'
import type { OutputFormat } from './global-options.ts'
import { toJson } from './output.ts'
import type { ConsumedRecord } from './record.ts'
import { compileFormat, type ShownNull } from './record-format.ts'
import { type Encoding, encodeBytes, type RecordEncodings, recordFields, recordToJson } from './record-json.ts'
import type { Style } from './terminal.ts'
import { toYaml } from './yaml.ts'
import { shownTime } from './zone.ts'

export interface RecordPrinter {
  print(record: ConsumedRecord, iteration: number): string | Uint8Array
  /** What closes the output, once at the end. */
  finish(iteration: number): string
}

export interface PrinterOptions {
  readonly format: string | undefined
  readonly output: OutputFormat
  readonly encodings: RecordEncodings
  readonly key: 'with key' | 'without key'
  readonly headers: 'with headers' | 'without headers'
  /** With -o raw and -f. */
  readonly shownNull: ShownNull
  readonly style: Style
}

const nothing = () => ''

export function createPrinter(options: PrinterOptions): RecordPrinter {
  const { encodings } = options
  if (options.format !== undefined)
    return { print: compileFormat(options.format, encodings, options.shownNull), finish: nothing }
  switch (options.output) {
    case 'jsonl':
      return { print: (record) => `${recordToJson(record, encodings)}\n`, finish: nothing }
    case 'json':
      return {
        print: (record, iteration) => `${iteration === 1 ? '[\n' : ',\n'}${recordToJson(record, encodings)}`,
        finish: (iteration) => (iteration === 0 ? '[]\n' : '\n]\n')
      }
    case 'yaml':
      return { print: (record) => toYaml([JSON.parse(toJson(recordFields(record, encodings)))]), finish: nothing }
    case 'csv':
      return { print: (record, iteration) => csvLines(record, iteration, encodings), finish: nothing }
    case 'raw':
      return { print: (record) => rawLine(record, options), finish: nothing }
    case 'table':
      return { print: (record) => personLine(record, options), finish: nothing }
  }
}

const csvColumns = ['topic', 'partition', 'offset', 'timestamp', 'key', 'value', 'headers']

function csvLines(record: ConsumedRecord, iteration: number, encodings: RecordEncodings): string {
  const fields = recordFields(record, encodings)
  const cells = csvColumns.map((column) => csvCell(fields[column]))
  return `${iteration === 1 ? `${csvColumns.join(',')}\n` : ''}${cells.join(',')}\n`
}

/** A null is an empty cell, an empty text is a quoted one. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? toJson(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const newline = Buffer.from('\n')
const tab = Buffer.from('\t')

function rawLine(record: ConsumedRecord, options: PrinterOptions): Buffer {
  const parts: Buffer[] = []
  if (options.headers === 'with headers') {
    parts.push(Buffer.from(record.headers.map(([name, value]) => `${name}=${value ?? ''}`).join(',')), tab)
  }
  if (options.key === 'with key') parts.push(encoded(record.key, options.encodings.key, options.shownNull), tab)
  parts.push(encoded(record.value, options.encodings.value, options.shownNull), newline)
  return Buffer.concat(parts)
}

function encoded(bytes: Buffer | null, encoding: Encoding, shownNull: ShownNull): Buffer {
  if (bytes === null) return Buffer.from(shownNull)
  return encoding === 'hex' || encoding === 'base64' ? Buffer.from(bytes.toString(encoding)) : bytes
}

function personLine(record: ConsumedRecord, options: PrinterOptions): string {
  const { style, encodings } = options
  const parts = [style.dim(`${record.topic} ${record.partition}:${record.offset}  ${shownTime(record.timestampMs)}`)]
  if (record.key !== null || options.key === 'with key') parts.push(style.cyan(readable(record.key, encodings.key)))
  parts.push(record.value === null ? style.yellow('(null)') : readable(record.value, encodings.value))
  if (options.headers === 'with headers') {
    const headers = record.headers.map(([name, value]) => `${readable(name, 'text')}=${readable(value, 'text')}`)
    parts.push(style.dim(`[${headers.join(', ')}]`))
  }
  return `${parts.join('  ')}\n`
}

/** Control characters could drive the terminal; they are shown, not sent. Nothing and an empty text look different. */
function readable(bytes: Buffer | null, encoding: Encoding): string {
  if (bytes === null) return '(null)'
  if (bytes.length === 0) return '(empty)'
  if (encoding === 'hex' || encoding === 'base64') return String(encodeBytes(bytes, encoding))
  if (!isUtf8(bytes)) return `base64:${bytes.toString('base64')}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not reach a terminal
  return bytes.toString('utf8').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
