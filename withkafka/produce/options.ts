/** What the producer can be told: `--help` shows all of it. */
import { oneOf, type Place, parseOptions, parseSeconds } from '../program/options.ts'
import { wrongUsage } from '../program/problem.ts'
import type { Usage } from '../program/run.ts'
import { type ExampleName, exampleNames } from './input.ts'

export const formats = ['text', 'json', 'hex', 'base64'] as const
export type Format = (typeof formats)[number]

/** Where messages come from. */
export type Source =
  | { readonly kind: 'example'; readonly name: ExampleName; readonly chosen: 'by option' | 'by default' }
  | { readonly kind: 'arguments'; readonly texts: readonly string[] }
  | { readonly kind: 'input'; readonly file: string | undefined; readonly pieces: 'lines' | 'whole' }

/** Where the key of a message comes from; undefined: the example's own, else none. */
export type KeyRule =
  | { readonly kind: 'same'; readonly key: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'separator'; readonly text: string }

export interface ProducerOptions {
  /** The brokers' addresses, or the directory: see `Place`. */
  readonly place: string
  readonly topic: string
  readonly source: Source
  readonly format: Format
  readonly key: KeyRule | undefined
  /** Leaves out messages whose key the topic holds already. */
  readonly resumes: boolean
  readonly timeoutMs: number
}

export function producerUsage(program: string, place: Place): Usage<ProducerOptions> {
  return { help: producerHelp(program, place), read: (args) => readProducerOptions(place, args) }
}

export function producerHelp(program: string, place: Place): string {
  return `npx tsx ${program} [MESSAGE…]

Sends messages to a topic, and tells the partition and the offset that each got.
Without MESSAGE each line of standard input is a message; at a keyboard, the
example of an order is sent.

  ${place.help}
  --topic NAME           made on first use (test_topic)
  --example NAME         sends an example: ${exampleNames.join(' or ')}
  --file PATH            each line of the file is a message
  --whole                the whole file, or the whole input, is one message: a
                         picture, for example
  --format FORMAT        what a message is written as: ${formats.join(', ')}
                         (text: its bytes as they are)
  --key KEY              the key of every message; messages of one key stay
                         in order
  --key-field NAME       the key is this field of a JSON message:
                         --key-field order_id
  --key-separator TEXT   a line is KEY TEXT MESSAGE: with "," the line
                         123,placed has the key 123
  --resume               leaves out messages whose key the topic already holds:
                         a producer that was killed goes on
  --timeout SECONDS      how long a message may wait for brokers that are away
                         (120)
  --help                 this help

Delivery is reported on standard output: a line for people, JSON lines in a
pipe.

Exit codes: 0 all delivered, 1 not delivered, 2 wrong usage, 3 no broker
reached, 130 interrupted.
`
}

/** Undefined when only help was asked for. */
export function readProducerOptions(place: Place, args: readonly string[]): ProducerOptions | undefined {
  const { values, positionals } = parseOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      [place.option]: { type: 'string' },
      topic: { type: 'string', default: 'test_topic' },
      example: { type: 'string' },
      file: { type: 'string' },
      whole: { type: 'boolean', default: false },
      format: { type: 'string', default: 'text' },
      key: { type: 'string' },
      'key-field': { type: 'string' },
      'key-separator': { type: 'string' },
      resume: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '120' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) return undefined
  const where = values[place.option]
  const options = {
    place: typeof where === 'string' ? where : place.byDefault,
    topic: values.topic,
    source: sourceOf(positionals, values),
    format: oneOf('format', values.format, formats),
    key: keyRuleOf(values),
    resumes: values.resume,
    timeoutMs: parseSeconds('timeout', values.timeout)
  }
  checkTogether(options)
  return options
}

interface SourceValues {
  readonly example?: string | undefined
  readonly file?: string | undefined
  readonly whole: boolean
}

function sourceOf(texts: readonly string[], { example, file, whole }: SourceValues): Source {
  const given = [texts.length > 0 && 'MESSAGE', example !== undefined && '--example', file !== undefined && '--file']
  const named = given.filter((name) => name !== false)
  if (named.length > 1) throw wrongUsage(`${named.join(' and ')} do not go together`, 'messages come from one place')
  if (whole && named.length === 1 && file === undefined)
    throw wrongUsage(`--whole does not go with ${named[0]}`, 'it is for a file, or for standard input')
  if (example !== undefined)
    return { kind: 'example', name: oneOf('example', example, exampleNames), chosen: 'by option' }
  if (texts.length > 0) return { kind: 'arguments', texts }
  if (file === undefined && !whole && process.stdin.isTTY)
    return { kind: 'example', name: 'order', chosen: 'by default' }
  return { kind: 'input', file, pieces: whole ? 'whole' : 'lines' }
}

interface KeyValues {
  readonly key?: string | undefined
  readonly 'key-field'?: string | undefined
  readonly 'key-separator'?: string | undefined
}

function keyRuleOf(values: KeyValues): KeyRule | undefined {
  const rules: KeyRule[] = []
  if (values.key !== undefined) rules.push({ kind: 'same', key: values.key })
  if (values['key-field'] !== undefined) rules.push({ kind: 'field', name: values['key-field'] })
  if (values['key-separator'] !== undefined) rules.push({ kind: 'separator', text: values['key-separator'] })
  if (rules.length > 1)
    throw wrongUsage('--key, --key-field and --key-separator do not go together', 'a message has one key')
  if (values['key-separator'] === '') throw wrongUsage('--key-separator is empty')
  return rules[0]
}

function checkTogether({ source, key, resumes }: Omit<ProducerOptions, 'place'>): void {
  const hasOwnKeys = key?.kind === 'field' || key?.kind === 'separator'
  if (resumes && !hasOwnKeys && source.kind !== 'example')
    throw wrongUsage(
      '--resume needs messages with keys of their own',
      'it knows by the key what the topic holds',
      '--key-field order_id'
    )
}
