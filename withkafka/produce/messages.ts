/**
 * A message is a value, often with a key: text, JSON, or any bytes. To Kafka both are bytes, and what they mean is between
 * the producer and the consumer. The key decides the partition, so messages of one key stay in order.
 */
import type { IHeaders } from 'kafkajs'
import { reasonOf, wrongUsage } from '../program/problem.ts'
import { examples } from './input.ts'
import type { Format, KeyRule, ProducerOptions } from './options.ts'

export interface Message {
  /** Its place in the input, from 0. */
  readonly index: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: IHeaders
}

export type ReadMessage = (raw: Buffer, index: number) => Message

/** How a raw piece of the input becomes a message. */
export function messageReader({
  source,
  format,
  key
}: Pick<ProducerOptions, 'source' | 'format' | 'key'>): ReadMessage {
  const rule: KeyRule | undefined =
    key ?? (source.kind === 'example' ? { kind: 'same', key: examples[source.name].key } : undefined)
  return (raw, index) => {
    const at = `message ${index + 1}`
    if (rule?.kind !== 'separator') {
      const value = bytesOf(raw, format, at)
      return { index, key: keyOf(value, rule, at), value }
    }
    const end = raw.indexOf(rule.text)
    if (end < 0) throw wrongUsage(`${at} has no key`, `there is no '${rule.text}' in: ${shortened(raw)}`)
    const value = raw.subarray(end + Buffer.byteLength(rule.text))
    return { index, key: raw.subarray(0, end), value: bytesOf(value, format, at) }
  }
}

function bytesOf(raw: Buffer, format: Format, at: string): Buffer {
  switch (format) {
    case 'text':
      return raw
    case 'json':
      parseJson(raw, at)
      return raw
    case 'hex':
      return decoded(raw, 'hex', /^(?:[0-9a-fA-F]{2})*$/, at)
    case 'base64':
      return decoded(raw, 'base64', /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, at)
  }
}

function decoded(raw: Buffer, encoding: 'hex' | 'base64', shape: RegExp, at: string): Buffer {
  const text = raw.toString('latin1').replaceAll(/\s/g, '')
  if (!shape.test(text)) throw wrongUsage(`${at} is not ${encoding}`, `it is: ${shortened(raw)}`)
  return Buffer.from(text, encoding)
}

function keyOf(value: Buffer, rule: Exclude<KeyRule, { kind: 'separator' }> | undefined, at: string): Buffer | null {
  if (rule === undefined) return null
  if (rule.kind === 'same') return Buffer.from(rule.key)
  const fields = parseJson(value, at)
  const field: unknown = isObject(fields) ? fields[rule.name] : undefined
  if (typeof field === 'string') return Buffer.from(field)
  if (typeof field === 'number' && (Number.isSafeInteger(field) || !Number.isInteger(field)))
    return Buffer.from(`${field}`)
  const why = field === undefined ? `there is no such field in: ${shortened(value)}` : `it is ${JSON.stringify(field)}`
  throw wrongUsage(`${at} has no text or number ${rule.name} to take as its key`, why)
}

function parseJson(bytes: Buffer, at: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw wrongUsage(`${at} is not JSON`, reasonOf(error))
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function shortened(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
