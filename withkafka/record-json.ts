/**
 * A message as one line of JSON, in the form that `odradek consume -o jsonl` prints and `odradek produce -i jsonl` reads:
 * nothing is lost. Bytes that are not text become {"$base64": "…"}, and what was null stays null.
 */
import { isUtf8 } from 'node:buffer'

export function textOrBytes(bytes: Buffer | null): string | { $base64: string } | null {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString('utf8') : { $base64: bytes.toString('base64') }
}

/** For the eye: text as it is, other bytes in hexadecimal. */
export function forTheEye(bytes: Buffer | null): string {
  if (bytes === null) return '(null)'
  return isUtf8(bytes) ? bytes.toString('utf8') : `0x${bytes.toString('hex')}`
}
