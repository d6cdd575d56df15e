/** What a page asks to be changed, from JSON that anybody may have written. Throws CliError that says what is wrong with it. */
import { wrongUsage } from '../../cli/cli-error.ts'
import type { NewTopic } from '../../cli/topics/creation.ts'
import type { RecordToProduce } from '../wire.ts'

type Fields = Readonly<Record<string, unknown>>

export function readRecord(body: unknown): RecordToProduce {
  const fields = fieldsOf(body)
  return {
    key: textOrNull(fields, 'key'),
    value: textOrNull(fields, 'value'),
    headers: headersOf(fields.headers),
    partition: wholeOrNull(fields, 'partition')
  }
}

export function readNewTopic(body: unknown): NewTopic {
  const fields = fieldsOf(body)
  if (typeof fields.name !== 'string' || fields.name === '') throw wrongUsage('a topic needs a name')
  const settings = fields.settings ?? {}
  if (!isFields(settings) || !Object.values(settings).every((value) => typeof value === 'string'))
    throw wrongUsage('settings are names with their values, as text')
  return {
    name: fields.name,
    partitions: wholeOrNull(fields, 'partitions') ?? undefined,
    replicas: wholeOrNull(fields, 'replicas') ?? undefined,
    settings: settings as Record<string, string>
  }
}

export function readTypedName(body: unknown): string {
  const { name } = fieldsOf(body)
  return typeof name === 'string' ? name : ''
}

function fieldsOf(body: unknown): Fields {
  if (isFields(body)) return body
  throw wrongUsage('what was sent is not a JSON object')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOrNull(fields: Fields, name: string): string | null {
  const value = fields[name] ?? null
  if (value === null || typeof value === 'string') return value
  throw wrongUsage(`${name} is not text`, `a ${name} is text, or null`)
}

function wholeOrNull(fields: Fields, name: string): number | null {
  const value = fields[name] ?? null
  if (value === null || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31))
    return value
  throw wrongUsage(`${name} is ${JSON.stringify(value)}`, `${name} is a whole number from 0 on`)
}

function headersOf(value: unknown): RecordToProduce['headers'] {
  if (value === undefined || value === null) return []
  const isHeader = (one: unknown): one is [string, string] =>
    Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string')
  if (Array.isArray(value) && value.every(isHeader)) return value
  throw wrongUsage('headers are a list of names with their values', '[["trace", "42"], …]')
}
