/**
 * One line of input to a record: -K and -f say where its key and its value are, -i how the value is written.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Header, RecordToSend } from '../record.ts'
import { recordFromJson } from '../record-json.ts'
import type { InputFormat } from './command.ts'

/** The place, `line 7` or `VALUE`, is for who reads what is wrong with it. */
export type ParseRecord = (line: Buffer, place: string) => RecordToSend

export interface ParseOptions {
  readonly input: InputFormat
  readonly keySeparator: string | undefined
  readonly format: string | undefined
  readonly nulls: 'empty is null' | 'empty is empty'
  readonly partitions: 'kept' | 'chosen anew'
}

export function createParser(options: ParseOptions): ParseRecord {
  if (options.input === 'jsonl') return jsonLineParser(options.partitions)
  const read = valueReader(options.input, options.nulls)
  if (options.format !== undefined) return formatParser(options.format, read)
  if (options.keySeparator !== undefined) return separatorParser(options.keySeparator, read, options.nulls)
  return (line, place) => ({ key: null, value: read(line, place), headers: noHeaders })
}

const noHeaders: readonly Header[] = []

function jsonLineParser(partitions: ParseOptions['partitions']): ParseRecord {
  return (line, place) => {
    const record = recordFromJson(line.toString('utf8'), place)
    return partitions === 'kept' ? record : { ...record, partition: undefined }
  }
}

/** What was written as the value, to the value. */
type ReadValue = (written: Buffer, place: string) => Buffer | null

function valueReader(input: Exclude<InputFormat, 'jsonl'>, nulls: ParseOptions['nulls']): ReadValue {
  const read = valueReaders[input]
  if (nulls === 'empty is empty') return read
  return (written, place) => (written.length === 0 ? null : read(written, place))
}

const valueReaders = { text: asItIs, raw: asItIs, json: checkJson, hex: readHex }

function asItIs(written: Buffer): Buffer {
  return written
}

function checkJson(written: Buffer, place: string): Buffer {
  try {
    JSON.parse(written.toString('utf8'))
    return written
  } catch (error) {
    throw wrongUsage(`${place} is not JSON`, error instanceof Error ? error.message : undefined)
  }
}

function readHex(written: Buffer, place: string): Buffer {
  const text = written.toString('latin1').trim()
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw wrongUsage(`${place} is not hexadecimal`)
  return Buffer.from(text, 'hex')
}

function separatorParser(separator: string, read: ReadValue, nulls: ParseOptions['nulls']): ParseRecord {
  const bytes = Buffer.from(unescapeText(separator))
  if (bytes.length === 0) throw wrongUsage('the key separator is empty')
  return (line, place) => {
    const at = line.indexOf(bytes)
    // Also where empty values are null: a forgotten separator must not make a tombstone of the whole line.
    if (at < 0) throw withoutSeparator(place, separator, nulls)
    return { key: line.subarray(0, at), value: read(line.subarray(at + bytes.length), place), headers: noHeaders }
  }
}

function withoutSeparator(place: string, separator: string, nulls: ParseOptions['nulls']) {
  const what = `${place} has no "${separator}" between key and value`
  if (nulls === 'empty is empty') return wrongUsage(what)
  return wrongUsage(what, `a tombstone is a key with nothing behind its separator: KEY${separator}`)
}

/** `%k,%v` as an expression: each letter takes as little as possible, the last one the rest. */
function formatParser(format: string, read: ReadValue): ParseRecord {
  const letters: string[] = []
  const source = unescapeText(format)
    .replace(/\n$/, '')
    .replace(/%(.)|[\s\S]/gu, (part, letter: string | undefined) => {
      if (letter === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (letter === '%') return '%'
      if (!'kvspd'.includes(letter)) throw wrongUsage(`%${letter} cannot be read`, 'a line is read with %k %v %p %d')
      letters.push(letter)
      return letter === 'p' || letter === 'd' ? '(\\d{1,15})' : '([\\s\\S]*?)'
    })
  // latin1 keeps every byte as one character, so values that are not text pass unharmed; `→` stands in a line as three of them.
  const expression = new RegExp(`^${Buffer.from(source).toString('latin1')}$`)
  return (line, place) => {
    const found = expression.exec(line.toString('latin1'))
    if (!found) throw wrongUsage(`${place} does not look like "${format}"`)
    const record = recordOfLetters(letters, found.slice(1))
    return record.value === null ? record : { ...record, value: read(record.value, place) }
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
