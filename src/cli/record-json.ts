/**
 * A record as one line of JSON, and back, without loss: null stays null, headers keep their order and duplicates, bytes
 * that are not UTF-8 become `{"$base64": "…"}`.
 *
 * With `json` as the encoding, a value that is JSON appears as such; one that could be mistaken for the marker stays text.
 */
import { isUtf8 } from 'node:buffer'
import { wrongUsage } from './cli-error.ts'
import { toJson } from './output.ts'
import type { ConsumedRecord, Header, RecordToSend } from './record.ts'

export const encodings = ['text', 'json', 'hex', 'base64'] as const
export type Encoding = (typeof encodings)[number]

export interface RecordEncodings {
  readonly key: Encoding
  readonly value: Encoding
}

export function recordToJson(record: ConsumedRecord, encodings: RecordEncodings): string {
  return toJson(recordFields(record, encodings))
}

export function recordFields(record: ConsumedRecord, encodings: RecordEncodings): Record<string, unknown> {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    ...(record.timestampType === 'LogAppendTime' ? { timestampType: record.timestampType } : {}),
    key: encodeBytes(record.key, encodings.key),
    value: encodeBytes(record.value, encodings.value),
    headers: record.headers.map(([name, value]) => ({
      key: encodeBytes(name, 'text'),
      value: encodeBytes(value, 'text')
    }))
  }
}

export function encodeBytes(bytes: Buffer | null, encoding: Encoding): unknown {
  if (bytes === null) return null
  if (encoding === 'hex') return bytes.toString('hex')
  if (encoding === 'base64') return bytes.toString('base64')
  if (!isUtf8(bytes)) return { $base64: bytes.toString('base64') }
  const text = bytes.toString('utf8')
  return encoding === 'json' ? jsonOrText(text) : text
}

function jsonOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !('$base64' in value) ? value : text
  } catch {
    return text
  }
}

/**
 * Reads one line that `recordToJson` wrote, or one that a person wrote with fewer fields. The place, `line 7`, is for who
 * reads what is wrong with it.
 */
export function recordFromJson(line: string, place: string): RecordToSend {
  const fields = parseObject(line, place)
  return {
    key: decodeBytes(fields.key),
    value: decodeBytes(fields.value),
    headers: decodeHeaders(fields.headers, place),
    partition: wholeNumber(fields.partition, 'partition', place),
    timestampMs: wholeNumber(fields.timestamp, 'timestamp', place)
  }
}

function parseObject(line: string, place: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line)
    if (isObject(parsed) && ('value' in parsed || 'key' in parsed)) return parsed
  } catch (error) {
    throw wrongUsage(`${place} is not JSON`, error instanceof Error ? error.message : undefined)
  }
  throw wrongUsage(
    `${place} is not a record`,
    'a record is a JSON object with a value or a key, as consume -o jsonl prints it; lines of other JSON go in with -i json'
  )
}

function decodeBytes(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return Buffer.from(value)
  if (isObject(value) && typeof value.$base64 === 'string' && Object.keys(value).length === 1) {
    return Buffer.from(value.$base64, 'base64')
  }
  return Buffer.from(JSON.stringify(value))
}

function decodeHeaders(value: unknown, place: string): Header[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) {
    return value.map((entry: unknown) => {
      if (!isObject(entry) || !('key' in entry)) throw wrongUsage(`${place}: a header needs a key and a value`)
      return [decodeBytes(entry.key) ?? Buffer.alloc(0), decodeBytes(entry.value)] as const
    })
  }
  if (isObject(value))
    return Object.entries(value).map(([name, inner]) => [Buffer.from(name), decodeBytes(inner)] as const)
  throw wrongUsage(`${place}: headers are a list of {"key", "value"}`)
}

function wholeNumber(value: unknown, name: string, place: string): number | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw wrongUsage(`${place}: ${name} is ${JSON.stringify(value)}`, `a ${name} is a whole number, without quotes`)
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
