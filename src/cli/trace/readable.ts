/**
 * Bytes as a person reads them: text with the characters that could drive the terminal written out, other bytes as base64.
 */
import { isUtf8 } from 'node:buffer'

const lengthMax = 40

/** A key, in quotes: an empty one and one of spaces are seen. Cut when it is long. */
export function readableKey(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  return isUtf8(bytes) ? `"${cut(printable(JSON.stringify(bytes.toString()).slice(1, -1)))}"` : base64(bytes)
}

/** A value, as it is. Cut when it is long. */
export function readableValue(bytes: Buffer | null): string {
  if (bytes === null) return 'null (a tombstone: the key is gone)'
  return isUtf8(bytes) ? cut(printable(bytes.toString())) : base64(bytes)
}

function base64(bytes: Buffer): string {
  return `base64:${cut(bytes.toString('base64'))}`
}

function cut(text: string): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
