/** How the records of `__consumer_offsets` lie in bytes: a key begins with its type (which the schemas call its API key), a value with its version. */
import type { Decoded, Message } from '../../protocol/message.ts'
import { Reader, Writer } from '../../protocol/primitives.ts'

export const keyBodyVersion = 0

export function keyBytes<T>(message: Message<T> & { readonly apiKey: number }, key: T): Buffer {
  return bytes(message, keyBodyVersion, key, message.apiKey)
}

export function valueBytes<T>(message: Message<T>, version: number, value: T): Buffer {
  return bytes(message, version, value, version)
}

export function readValue<T>(message: Message<T>, value: Buffer): Decoded<T> {
  const reader = new Reader(value)
  return message.decode(reader, reader.readInt16())
}

function bytes<T>(message: Message<T>, version: number, value: T, prefix: number): Buffer {
  const writer = new Writer()
  writer.writeInt16(prefix)
  message.encode(writer, value, version)
  return writer.toBuffer()
}
