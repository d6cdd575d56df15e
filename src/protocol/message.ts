/**
 * What every generated codec is: a value that turns bytes into an object and back, for all versions of one message.
 * (Kafka: the classes that its generator makes from the same schemas, `ApiMessage`.)
 */
import { EncodeError, ProtocolError } from './errors.ts'
import type { Reader } from './reader.ts'
import type { Records, Writer } from './writer.ts'

export interface Message<T> {
  readonly name: string
  /** The API key of a request or response, the record type of a log's key, value or metadata record; -1 when it has none. */
  readonly apiKey: number
  readonly lowestVersion: number
  /** Below `lowestVersion` when no version of the message is in use any more. */
  readonly highestVersion: number
  /** The first version with compact lengths and tagged fields; Infinity when there is none. */
  readonly flexibleFrom: number
  decode(reader: Reader, version: number): Decoded<T>
  encode(writer: Writer, value: T, version: number): void
}

/** For lists of messages of which each has its own type. */
export type AnyMessage = Message<unknown>

/** What decode gives: nothing is optional any more, absent fields have their defaults. */
export type Decoded<T> = T extends string | number | boolean | bigint | null | undefined | Buffer
  ? T
  : T extends Records
    ? Buffer
    : T extends readonly (infer Element)[]
      ? Decoded<Element>[]
      : { -readonly [Key in keyof T]-?: Decoded<Exclude<T[Key], undefined>> }

export function undecodable(message: string, version: number): ProtocolError {
  return new ProtocolError(`${message} has no version ${version}`)
}

export function unencodable(message: string, version: number): EncodeError {
  return new EncodeError(`${message} has no version ${version}`)
}

/** A field has a value that the version cannot carry, and the schema does not allow to drop it. */
export function unsupportedField(field: string, version: number): EncodeError {
  return new EncodeError(`${field} has a value, but version ${version} cannot carry it`)
}

/** A field of which only other versions may be null. */
export function required<T>(value: T | null, field: string, version: number): T {
  if (value === null) throw new EncodeError(`${field} must not be null in version ${version}`)
  return value
}
