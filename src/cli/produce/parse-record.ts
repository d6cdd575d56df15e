/**
 * One line of input to a record, as -i, -K and -f say.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Header, RecordToSend } from '../record.ts'
import { recordFromJson } from '../record-json.ts'
import type { InputFormat } from './command.ts'

export type ParseRecord = (line: Buffer, lineNumber: number) => RecordToSend

export interface ParseOptions {
  readonly input: InputFormat
  readonly keySeparator: string | undefined
  readonly format: string | undefined
  readonly nulls: 'empty is null' | 'empty is empty'
  readonly partitions: 'kept' | 'chosen anew'
}

export function createParser(options: ParseOptions): ParseRecord {
  if (options.format !== undefined) return formatParser(options.format, options.nulls)
  if (options.keySeparator !== undefined) return separatorParser(options.keySeparator, options)
  const isNull = (line: Buffer) => options.nulls === 'empty is null' && line.length === 0
  switch (options.input) {
    case 'jsonl':
      return (line, lineNumber) => {
        const record = recordFromJson(line.toString('utf8'), lineNumber)
        return options.partitions === 'kept' ? record : { ...record, partition: undefined }
      }
    case 'json':
      return (line, lineNumber) => valueOnly(isNull(line) ? null : checkJson(line, lineNumber))
    case 'hex':
      return (line, lineNumber) => valueOnly(isNull(line) ? null : parseHex(line.toString('latin1').trim(), lineNumber))
    case 'text':
    case 'raw':
      return (line) => valueOnly(isNull(line) ? null : line)
  }
}

const noHeaders: readonly Header[] = []

function valueOnly(value: Buffer | null): RecordToSend {
  return { key: null, value, headers: noHeaders }
}

function separatorParser(separator: string, options: ParseOptions): ParseRecord {
  const bytes = Buffer.from(unescapeText(separator))
  if (bytes.length === 0) throw wrongUsage('the key separator is empty')
  return (line, lineNumber) => {
    const at = line.indexOf(bytes)
    // Also where empty values are null: a forgotten separator must not make a tombstone of the whole line.
    if (at < 0) throw withoutSeparator(lineNumber, separator, options.nulls)
    const value = line.subarray(at + bytes.length)
    const isNull = value.length === 0 && options.nulls === 'empty is null'
    return { key: line.subarray(0, at), value: isNull ? null : value, headers: noHeaders }
  }
}

function withoutSeparator(lineNumber: number, separator: string, nulls: ParseOptions['nulls']) {
  const what = `line ${lineNumber} has no "${separator}" between key and value`
  if (nulls === 'empty is empty') return wrongUsage(what)
  return wrongUsage(what, `a tombstone is a key with nothing behind its separator: KEY${separator}`)
}

function checkJson(line: Buffer, lineNumber: number): Buffer {
  try {
    JSON.parse(line.toString('utf8'))
    return line
  } catch (error) {
    throw wrongUsage(`line ${lineNumber} is not JSON`, error instanceof Error ? error.message : undefined)
  }
}

export function parseHex(text: string, lineNumber: number): Buffer {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw wrongUsage(`line ${lineNumber} is not hexadecimal`)
  return Buffer.from(text, 'hex')
}

/** `%k,%v` as an expression: each letter takes as little as possible, the last one the rest. */
function formatParser(format: string, nulls: ParseOptions['nulls']): ParseRecord {
  const letters: string[] = []
  const source = unescapeText(format)
    .replace(/\n$/, '')
    .replace(/%(.)|[\s\S]/g, (part, letter: string | undefined) => {
      if (letter === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (letter === '%') return '%'
      if (!'kvspd'.includes(letter)) throw wrongUsage(`%${letter} cannot be read`, 'a line is read with %k %v %p %d')
      letters.push(letter)
      return letter === 'p' || letter === 'd' ? '(\\d{1,15})' : '([\\s\\S]*?)'
    })
  const expression = new RegExp(`^${source}$`)
  return (line, lineNumber) => {
    // latin1 keeps every byte as one character, so values that are not text pass unharmed.
    const found = expression.exec(line.toString('latin1'))
    if (!found) throw wrongUsage(`line ${lineNumber} does not look like "${format}"`)
    const record = recordOfLetters(letters, found.slice(1))
    return nulls === 'empty is null' && record.value?.length === 0 ? { ...record, value: null } : record
  }
}

function recordOfLetters(letters: readonly string[], texts: readonly string[]): RecordToSend {
  const text = (wanted: string) => texts[letters.findIndex((letter) => wanted.includes(letter))]
  const bytes = (wanted: string) => (text(wanted) === undefined ? null : Buffer.from(text(wanted) ?? '', 'latin1'))
  const number = (wanted: string) => (text(wanted) === undefined ? undefined : Number(text(wanted)))
  return { key: bytes('k'), value: bytes('vs'), headers: noHeaders, partition: number('p'), timestampMs: number('d') }
}

export function unescapeText(text: string): string {
  const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }
  return text.replace(/\\(.)/g, (whole, letter: string) => letters[letter] ?? whole)
}
