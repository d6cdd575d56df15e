/** Values as they are told to people and as JSON: what is bytes becomes text. */
import { isUtf8 } from 'node:buffer'

export type Plain = string | number | bigint | boolean | null | readonly Plain[] | { readonly [name: string]: Plain }

/** A decoded message; bytes are in base64, as Kafka's own tools print them. */
export function plain(value: unknown): Plain {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return typeof value === 'bigint' ? value : null
}

/** A user's key or value; what is no text is marked as base64, as `consume` has it. */
export function text(bytes: Buffer | null): Plain {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString('utf8') : { $base64: bytes.toString('base64') }
}
