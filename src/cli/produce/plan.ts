/**
 * What `produce` was asked for, checked and with types.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { type Codec, codecs } from '../compression.ts'
import { parseCount, parsePartition, parseRatePerSecond, parseTimestampMs } from '../human-values.ts'
import type { Header, RecordToSend } from '../record.ts'
import { inputFormats } from './command.ts'
import { createParser, type ParseOptions } from './parse-record.ts'

export interface ProducePlan extends ParseOptions {
  readonly topic: string
  /** What VALUE says, or --null alone: a tombstone. Undefined: read the input. */
  readonly record: RecordToSend | undefined
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
  /** All in one transaction of this id. */
  readonly transactionalId: string | undefined
}

/** Whether each record is a line that a person types. */
export function readsKeyboard(
  { record, template, file }: ProducePlan,
  { stdinIsTty }: Pick<Invocation['terminal'], 'stdinIsTty'>
): boolean {
  return stdinIsTty && record === undefined && template === undefined && file === undefined
}

export function readPlan(
  { args, flags, global }: Pick<Invocation, 'args' | 'flags' | 'global'>,
  nowMs: number
): ProducePlan {
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
  const parseOptions: ParseOptions = {
    input,
    keySeparator: flags.text('keySeparator'),
    format: flags.text('format'),
    nulls: flags.has('null') || flags.has('tombstone') ? 'empty is null' : 'empty is empty',
    partitions: flags.has('repartition') ? 'chosen anew' : 'kept'
  }
  checkTogether(parseOptions, template)
  const transactionalId = transactionalIdOf(flags.text('txn') ?? global.settings.transactionalId, flags.text('acks'))
  // With -K, -f or --file, --null is about the lines.
  const isTombstone = flags.has('null') && given.length === 0 && !findsParts(parseOptions)
  return {
    ...parseOptions,
    topic,
    record: isTombstone ? tombstone : recordOfValue(value, parseOptions),
    template,
    file,
    key: flags.parsed('key', (text) => Buffer.from(text)),
    headers: flags.list('header').map(parseHeader),
    partition: flags.parsed('partition', partitionOf),
    timestampMs: flags.parsed('timestamp', (text) => parseTimestampMs(text, nowMs)),
    compression: compressionOf(flags.text('compression') ?? global.settings.compression),
    acks: acksOf(flags.text('acks') ?? (transactionalId === undefined ? global.settings.acks : undefined) ?? 'all'),
    ratePerSecond: flags.parsed('rate', parseRatePerSecond),
    count: flags.parsed('count', parseCount),
    transactionalId
  }
}

/** kcat's `-P -t orders` behind our command: the word after -P is the next option. */
function partitionOf(text: string): number {
  if (!text.startsWith('-')) return parsePartition(text)
  throw wrongUsage(
    `-P needs a partition, and "${text}" is none`,
    "kcat's -P, which says that it produces, is left out here"
  )
}

function transactionalIdOf(id: string | undefined, acks: string | undefined): string | undefined {
  if (id === '') throw wrongUsage('--txn needs an id', 'it is the name by which a transaction is found again')
  if (id !== undefined && acks !== undefined && acksOf(acks) !== -1)
    throw exclude('--txn', `--acks ${acks}`, 'what is committed is safe on every in-sync replica')
  return id
}

const tombstone: RecordToSend = { key: null, value: null, headers: [] }

function findsParts({ keySeparator, format }: ParseOptions): boolean {
  return keySeparator !== undefined || format !== undefined
}

/** An option that would be ignored is refused: whoever gave it meant something by it. */
function checkTogether({ input, keySeparator, format }: ParseOptions, template: string | undefined): void {
  const findParts = [keySeparator !== undefined && '-K', format !== undefined && '-f'].filter((one) => one !== false)
  const [option = `-i ${input}`, other] = findParts
  if (other !== undefined) throw exclude(option, other, 'each says where key and value are')
  if (template !== undefined && (findParts.length > 0 || input !== 'text')) {
    throw exclude(option, '--template', 'made-up records are not read from anywhere')
  }
  if (findParts.length === 0) return
  if (input === 'jsonl') throw exclude(option, '-i jsonl', 'such a line names its key itself')
  if (input === 'raw') throw exclude(option, '-i raw', 'the whole input is one value')
}

function exclude(one: string, other: string, why: string) {
  return wrongUsage(`${one} and ${other} exclude each other`, why)
}

function recordOfValue(text: string | undefined, options: ParseOptions): RecordToSend | undefined {
  if (text === undefined) return undefined
  if (options.input === 'jsonl') {
    throw wrongUsage('-i jsonl reads records from standard input or --file, not from VALUE')
  }
  return createParser(options)(Buffer.from(text), 'VALUE')
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
