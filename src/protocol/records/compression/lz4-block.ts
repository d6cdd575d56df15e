/**
 * One LZ4 block (the LZ4 block format): sequences of a token, literals, and a match that repeats bytes written before.
 * The last sequence has literals only; the last match begins at least 12 bytes before the end, and the last 5 bytes are
 * literals, as the format demands.
 */
import { copyLiterals, copyRepeat, findRepeats, newRepeatTable, viewed } from './repeats.ts'

const minMatch = 4
const rules = { maxDistance: 65_535, lastStartBytes: 12, lastLiteralBytes: 5 }

export function compressBlock(source: Buffer): Buffer {
  const target = Buffer.allocUnsafe(source.length + Math.ceil(source.length / 255) + 16)
  const writer = { target, length: 0 }
  const rest = findRepeats(source, 0, source.length, rules, newRepeatTable(), (from, position, distance, length) => {
    writeSequence(writer, source.subarray(from, position), distance, length)
  })
  writeLiterals(writer, source.subarray(rest), 0)
  return target.subarray(0, writer.length)
}

interface BlockWriter {
  readonly target: Buffer
  length: number
}

function writeSequence(writer: BlockWriter, literals: Buffer, distance: number, length: number): void {
  const extra = length - minMatch
  writeLiterals(writer, literals, Math.min(extra, 15))
  writer.target.writeUInt16LE(distance, writer.length)
  writer.length += 2
  if (extra >= 15) writeLength(writer, extra - 15)
}

function writeLiterals(writer: BlockWriter, literals: Buffer, matchBits: number): void {
  writer.target[writer.length++] = (Math.min(literals.length, 15) << 4) | matchBits
  if (literals.length >= 15) writeLength(writer, literals.length - 15)
  literals.copy(writer.target, writer.length)
  writer.length += literals.length
}

function writeLength(writer: BlockWriter, length: number): void {
  let rest = length
  for (; rest >= 255; rest -= 255) writer.target[writer.length++] = 255
  writer.target[writer.length++] = rest
}

/** Unpacks into the target and gives the size. Throws on a block that is not one, and when it does not fit. */
export function decompressBlock(source: Uint8Array, target: Uint8Array): number {
  const end = source.length
  const room = target.length
  const packed = viewed(source)
  const unpacked = viewed(target)
  let from = 0
  let to = 0
  while (from < end) {
    const token = source[from++] as number
    let literals = token >> 4
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) byte = lengthByte(source, from++)
    }
    if (literals > end - from) throw new Error('literals are cut short')
    if (literals > room - to) throw new Error('the block is larger than it may be')
    copyLiterals(packed, from, unpacked, to, literals)
    from += literals
    to += literals
    if (from === end) return to
    if (from + 2 > end) throw new Error('a match is cut short')
    const distance = (source[from] as number) | ((source[from + 1] as number) << 8)
    from += 2
    let length = (token & 15) + minMatch
    if (length === 15 + minMatch) {
      for (let byte = 255; byte === 255; length += byte) byte = lengthByte(source, from++)
    }
    if (distance === 0 || distance > to) throw new Error('a match points before the beginning')
    if (length > room - to) throw new Error('the block is larger than it may be')
    copyRepeat(unpacked, to, distance, length)
    to += length
  }
  throw new Error('the block has no last literals')
}

/** A length goes on for as long as its bytes are 255. */
function lengthByte(source: Uint8Array, position: number): number {
  const byte = source[position]
  if (byte === undefined) throw new Error('a length is cut short')
  return byte
}
