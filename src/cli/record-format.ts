/**
 * The `-f` formats: rpk's letters, kcat's `%s` and `%S` for the value, `%j` for the whole record as JSON.
 *
 * `%k{hex}` and the like change how a part is written; `%h{…}` holds the format of each header; `%%` is a per cent sign.
 */
import { wrongUsage } from './cli-error.ts'
import { outputFormats } from './global-options.ts'
import type { ConsumedRecord } from './record.ts'
import { type RecordEncodings, recordToJson } from './record-json.ts'
import { strftime } from './strftime.ts'
import { shownTime } from './zone.ts'

export type RecordFormat = (record: ConsumedRecord, iteration: number) => Buffer

type Part = (subject: Subject) => Buffer | string

interface Subject {
  readonly record: ConsumedRecord
  readonly iteration: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly absent: Buffer
}

export const formatLetters: ReadonlyArray<readonly [string, string]> = [
  ['%t %T', 'topic; its length'],
  ['%k %K', 'key; its length'],
  ['%v %V, %s %S', 'value; its length'],
  ['%h{…} %H', 'each header, written as the braces say with %k and %v; how many'],
  ['%p %o %e', 'partition, offset, leader epoch'],
  ['%d', 'timestamp in milliseconds; %d{iso} with its zone, %d{strftime[%F %T %Z]}'],
  ['%x %y %a', "producer's id and epoch, attributes of the batch"],
  ['%[ %| %]', 'log start offset, last stable offset, high watermark'],
  ['%i', 'how many records were printed, this one included'],
  ['%j', 'the record as JSON'],
  ['{hex} {base64} {base64raw}', 'after %t, %k, %v; for a null nothing, or NULL with -Z'],
  ['{hex} {big64} … {little8}', 'after a number: hexadecimal, or 8 to 64 bits, big- or little-endian']
]

/** What stands where there is no key or value: nothing, or kcat's NULL. */
export type ShownNull = '' | 'NULL'

export function compileFormat(format: string, encodings: RecordEncodings, shownNull: ShownNull = ''): RecordFormat {
  const absent = Buffer.from(shownNull)
  const parts = compileParts(format, encodings)
  if (!format.includes('%')) throw withoutLetter(format)
  return (record, iteration) => join(parts, { record, iteration, key: record.key, value: record.value, absent })
}

function withoutLetter(format: string) {
  const isOutput = outputFormats.some((name) => name === format)
  return wrongUsage(
    `-f ${JSON.stringify(format)} would write the same text for every record`,
    'it holds no letter such as %k, %v or %j',
    isOutput ? `-o ${format}   (-f is the format of one record)` : "-f '%k %v\\n'"
  )
}

function join(parts: readonly Part[], subject: Subject): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      const written = part(subject)
      return typeof written === 'string' ? Buffer.from(written) : written
    })
  )
}

function compileParts(format: string, encodings: RecordEncodings): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < format.length; ) {
    const token = nextToken(format, at)
    parts.push(token.kind === 'text' ? () => token.text : letterPart(token.letter, token.braces, format, encodings))
    at = token.end
  }
  return parts
}

type Token =
  | { readonly kind: 'text'; readonly text: string | Buffer; readonly end: number }
  | { readonly kind: 'letter'; readonly letter: string; readonly braces: string | undefined; readonly end: number }

function nextToken(format: string, at: number): Token {
  if (format[at] === '\\') return escapeToken(format, at)
  if (format[at] !== '%') {
    const end = format.slice(at).search(/[%\\]/)
    const stop = end < 0 ? format.length : at + end
    return { kind: 'text', text: format.slice(at, stop), end: stop }
  }
  const letter = format[at + 1] ?? ''
  if ('%{}'.includes(letter) && letter !== '') return { kind: 'text', text: letter, end: at + 2 }
  if (format[at + 2] !== '{') return { kind: 'letter', letter, braces: undefined, end: at + 2 }
  const close = closingBrace(format, at + 2)
  return { kind: 'letter', letter, braces: format.slice(at + 3, close), end: close + 1 }
}

function escapeToken(format: string, at: number): Token {
  const hex = /^\\x([0-9a-fA-F]{2})/.exec(format.slice(at))?.[1]
  if (hex !== undefined) return { kind: 'text', text: Buffer.from(hex, 'hex'), end: at + 4 }
  const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '0': '\0' }
  const text = letters[format[at + 1] ?? '']
  if (text === undefined) throw badFormat(format, 'a backslash is followed by n, t, r, 0, xHH or a backslash')
  return { kind: 'text', text, end: at + 2 }
}

function closingBrace(format: string, open: number): number {
  let depth = 0
  for (let at = open; at < format.length; at++) {
    if (format[at] === '%' && (format[at + 1] === '{' || format[at + 1] === '}')) at++
    else if (format[at] === '{') depth++
    else if (format[at] === '}' && --depth === 0) return at
  }
  throw badFormat(format, 'a { is not closed')
}

const texts: Record<string, (subject: Subject) => Buffer | null> = {
  t: ({ record }) => Buffer.from(record.topic),
  k: ({ key }) => key,
  v: ({ value }) => value,
  s: ({ value }) => value
}

const numbers: Record<string, (subject: Subject) => bigint | number> = {
  T: ({ record }) => Buffer.byteLength(record.topic),
  K: ({ key }) => key?.length ?? -1,
  V: ({ value }) => value?.length ?? -1,
  S: ({ value }) => value?.length ?? -1,
  H: ({ record }) => record.headers.length,
  p: ({ record }) => record.partition,
  o: ({ record }) => record.offset,
  e: ({ record }) => record.leaderEpoch,
  x: ({ record }) => record.producerId,
  y: ({ record }) => record.producerEpoch,
  a: ({ record }) => record.attributes,
  i: ({ iteration }) => iteration,
  '[': ({ record }) => record.logStartOffset,
  '|': ({ record }) => record.lastStableOffset,
  ']': ({ record }) => record.highWatermark
}

function letterPart(letter: string, braces: string | undefined, format: string, encodings: RecordEncodings): Part {
  if (letter === 'j') return ({ record }) => recordToJson(record, encodings)
  if (letter === 'd') return timestampPart(braces, format)
  if (letter === 'h') return headersPart(braces ?? '%k=%v ', encodings)
  const text = texts[letter]
  if (text) return textPart(text, braces, format)
  const number = numbers[letter]
  if (number) return numberPart(number, braces, format)
  throw badFormat(format, `%${letter} means nothing; known are ${formatLetters.map(([letters]) => letters).join(', ')}`)
}

function headersPart(inner: string, encodings: RecordEncodings): Part {
  const parts = compileParts(inner, encodings)
  return (subject) =>
    Buffer.concat(subject.record.headers.map(([name, value]) => join(parts, { ...subject, key: name, value })))
}

function textPart(read: (subject: Subject) => Buffer | null, modifier: string | undefined, format: string): Part {
  const written = (write: (bytes: Buffer) => Buffer | string) => (subject: Subject) => {
    const bytes = read(subject)
    return bytes === null ? subject.absent : write(bytes)
  }
  switch (modifier) {
    case undefined:
      return written((bytes) => bytes)
    case 'hex':
      return written((bytes) => bytes.toString('hex'))
    case 'base64':
      return written((bytes) => bytes.toString('base64'))
    case 'base64raw':
      return written((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  }
  throw badFormat(format, `{${modifier}} is not one of hex, base64, base64raw`)
}

function timestampPart(modifier: string | undefined, format: string): Part {
  const pattern = /^strftime\[(.*)\]$/s.exec(modifier ?? '')?.[1]
  if (pattern !== undefined) return ({ record }) => strftime(pattern, record.timestampMs)
  if (modifier === 'iso') return ({ record }) => shownTime(record.timestampMs)
  return numberPart(({ record }) => record.timestampMs, modifier, format)
}

function numberPart(read: (subject: Subject) => bigint | number, modifier: string | undefined, format: string): Part {
  if (modifier === undefined || modifier === 'ascii' || modifier === 'number') return (subject) => String(read(subject))
  if (modifier === 'hex') return (subject) => BigInt.asUintN(64, BigInt(read(subject))).toString(16)
  const fixed = /^(big|little)(64|32|16|8)$/.exec(modifier)
  if (!fixed) throw badFormat(format, `{${modifier}} is not one of ascii, hex, big64, big32, big16, big8, little64 …`)
  const bytes = Number(fixed[2]) / 8
  return (subject) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64BE(BigInt.asUintN(64, BigInt(read(subject))))
    const low = buffer.subarray(8 - bytes)
    return fixed[1] === 'big' ? low : low.reverse()
  }
}

function badFormat(format: string, why: string) {
  return wrongUsage(`the format "${format}" cannot be read`, why)
}
