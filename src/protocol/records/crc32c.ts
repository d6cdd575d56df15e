/**
 * CRC-32C (Castagnoli), the checksum of record batches and of producer snapshots.
 *
 * The native `@node-rs/crc32` is used where it is installed; otherwise, and for small inputs, where a call into native code
 * costs more than it saves, a slicing-by-8 table in JavaScript (measured here: native 5.8 GB/s at 16 KB, the table 1.6 GB/s
 * and ahead below about 100 bytes).
 */
import { createRequire } from 'node:module'

const polynomial = 0x82f63b78
const slices = 8
const smallBytes = 128
/** The native one is loaded for the first input of this size: what a start reads and writes is smaller. */
const worthLoadingBytes = 4096

type NativeCrc32c = (input: Uint8Array, initial?: number) => number

let native: NativeCrc32c | null | undefined
const table = makeTable()

/** The checksum of `buffer` from `start` to `end`, as an unsigned 32-bit number. */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length): number {
  if (end - start < (native === undefined ? worthLoadingBytes : smallBytes)) return crc32cTable(buffer, start, end)
  if (native === undefined) native = loadNative()
  return native === null ? crc32cTable(buffer, start, end) : native(buffer.subarray(start, end)) >>> 0
}

/** The same in plain JavaScript. */
export function crc32cTable(buffer: Uint8Array, start = 0, end = buffer.length): number {
  let crc = -1
  let position = start
  for (; position + slices <= end; position += slices) {
    const low = crc ^ wordAt(buffer, position)
    const high = wordAt(buffer, position + 4)
    crc =
      at(7, low & 0xff) ^
      at(6, (low >>> 8) & 0xff) ^
      at(5, (low >>> 16) & 0xff) ^
      at(4, low >>> 24) ^
      at(3, high & 0xff) ^
      at(2, (high >>> 8) & 0xff) ^
      at(1, (high >>> 16) & 0xff) ^
      at(0, high >>> 24)
  }
  for (; position < end; position++) crc = at(0, (crc ^ (buffer[position] as number)) & 0xff) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function wordAt(buffer: Uint8Array, position: number): number {
  return (
    (buffer[position] as number) |
    ((buffer[position + 1] as number) << 8) |
    ((buffer[position + 2] as number) << 16) |
    ((buffer[position + 3] as number) << 24)
  )
}

function at(slice: number, byte: number): number {
  return table[slice * 256 + byte] as number
}

function makeTable(): Int32Array {
  const made = new Int32Array(slices * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0)
    made[byte] = crc
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256] as number
    made[index] = (made[before & 0xff] as number) ^ (before >>> 8)
  }
  return made
}

function loadNative(): NativeCrc32c | null {
  try {
    const loaded: { crc32c?: NativeCrc32c } = createRequire(import.meta.url)('@node-rs/crc32')
    return loaded.crc32c ?? null
  } catch {
    return null
  }
}
