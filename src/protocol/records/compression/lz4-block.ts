/**
 * One LZ4 block (the LZ4 block format): sequences of a token, literals, and a match that repeats bytes written before.
 * The last sequence has literals only; the last match begins at least 12 bytes before the end, and the last 5 bytes are
 * literals, as the format demands.
 */
import { copyRepeat, findRepeats, newRepeatTable } from './repeats.ts'

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
export function decompressBlock(source: Buffer, target: Buffer): number {
  const maxSizeBytes = target.length
  let from = 0
  let to = 0
  const lengthFrom = (start: number): number => {
    let length = start
    if (start !== 15) return length
    for (;;) {
      const byte = source[from++]
      if (byte === undefined) throw new Error('a length is cut short')
      length += byte
      if (byte !== 255) return length
    }
  }
  while (from < source.length) {
    const token = source[from++] ?? 0
    const literals = lengthFrom(token >> 4)
    if (from + literals > source.length) throw new Error('literals are cut short')
    if (to + literals > maxSizeBytes) throw new Error('the block is larger than it may be')
    source.copy(target, to, from, from + literals)
    from += literals
    to += literals
    if (from === source.length) return to
    if (from + 2 > source.length) throw new Error('a match is cut short')
    const distance = source.readUInt16LE(from)
    from += 2
    const length = lengthFrom(token & 15) + minMatch
    if (distance === 0 || distance > to) throw new Error('a match points before the beginning')
    if (to + length > maxSizeBytes) throw new Error('the block is larger than it may be')
    copyRepeat(target, to, distance, length)
    to += length
  }
  throw new Error('the block has no last literals')
}
