/**
 * What `produce` was asked for, checked and with types.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { type Codec, codecs } from '../compression.ts'
import { parseCount, parseRatePerSecond, parseTimestampMs } from '../human-values.ts'
import type { Header } from '../record.ts'
import { type InputFormat, inputFormats } from './command.ts'
import { type ParseOptions, parseHex } from './parse-record.ts'

export interface ProducePlan extends ParseOptions {
  readonly topic: string
  /** Undefined: read the input. Null: a tombstone. */
  readonly value: Buffer | null | undefined
  readonly template: string | undefined
  readonly file: string | undefined
  readonly key: Buffer | undefined
  readonly headers: readonly Header[]
  readonly partition: number | undefined
  readonly timestampMs: number | undefined
  readonly compression: Codec
  readonly acks: 0 | 1 | -1
  readonly ratePerSecond: number | undefined
  readonly count: number | undefined
}

export function readPlan(invocation: Invocation, nowMs: number): ProducePlan {
  const { args, flags, global } = invocation
  const [topic = '', value] = args
  const input = inputFormats.find((format) => format === flags.text('input')) ?? 'text'
  const template = flags.text('template')
  const file = flags.text('file')
  const sources = [
    value !== undefined && 'VALUE',
    template !== undefined && '--template',
    file !== undefined && '--file'
  ]
  const given = sources.filter((source) => source !== false)
  if (given.length > 1) throw wrongUsage(`${given.join(' and ')} exclude each other`, 'records come from one place')
  if (value !== undefined && flags.has('null')) throw wrongUsage('VALUE and --null exclude each other')
  const separator = flags.text('keySeparator')
  const nulls = flags.has('null') || flags.has('tombstone') ? 'empty is null' : 'empty is empty'
  const isNullValue = value === '' && nulls === 'empty is null'
  return {
    topic,
    value: isNullValue ? null : valueToSend(value, input, readsInput(flags.has('null'), given.length, separator)),
    template,
    file,
    input,
    keySeparator: separator,
    format: flags.text('format'),
    nulls,
    partitions: flags.has('repartition') ? 'chosen anew' : 'kept',
    key: flags.parsed('key', (text) => Buffer.from(text)),
    headers: flags.list('header').map(parseHeader),
    partition: flags.parsed('partition', parseCount),
    timestampMs: flags.parsed('timestamp', (text) => parseTimestampMs(text, nowMs)),
    compression: compressionOf(flags.text('compression') ?? global.settings.compression),
    acks: acksOf(flags.text('acks') ?? global.settings.acks ?? 'all'),
    ratePerSecond: flags.parsed('rate', parseRatePerSecond),
    count: flags.parsed('count', parseCount)
  }
}

/** `--null` alone is one tombstone; with -K or --file it is about the lines. */
function readsInput(nullAsked: boolean, sources: number, separator: string | undefined): 'input' | 'tombstone' {
  return nullAsked && sources === 0 && separator === undefined ? 'tombstone' : 'input'
}

function valueToSend(
  text: string | undefined,
  input: InputFormat,
  otherwise: 'input' | 'tombstone'
): Buffer | null | undefined {
  if (text === undefined) return otherwise === 'tombstone' ? null : undefined
  if (input === 'jsonl') throw wrongUsage('-i jsonl reads records from standard input or --file, not from VALUE')
  if (input === 'hex') return parseHex(text, 1)
  if (input === 'json') JSON.parse(text)
  return Buffer.from(text)
}

export function parseHeader(text: string): Header {
  const at = text.indexOf('=')
  if (at < 0) throw wrongUsage(`"${text}" is not a header`, 'a header looks like name=value; name= has an empty value')
  return [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at + 1))]
}

function compressionOf(name: string | undefined): Codec {
  const codec = codecs.find((known) => known === (name ?? 'none'))
  if (codec === undefined) throw wrongUsage(`"${name}" is not a compression`, `known are ${codecs.join(', ')}`)
  return codec
}

function acksOf(text: string): 0 | 1 | -1 {
  if (text === 'all' || text === '-1') return -1
  if (text === '1') return 1
  if (text === '0') return 0
  throw wrongUsage(`acks=${text} means nothing`, 'known are all, 1 and 0')
}
