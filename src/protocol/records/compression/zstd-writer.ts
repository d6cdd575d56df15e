/**
 * Writes zstd frames (RFC 8878) where Node has no zstd of its own. Repeats are coded as zstd codes them, literals are stored
 * as they are: smaller than LZ4 makes it, larger than zstd's own library does, and read by every reader.
 */
import { findRepeats, newRepeatTable, type RepeatTable } from './repeats.ts'
import { encodeSequences, type Sequence } from './zstd-sequences.ts'

const magic = 0xfd2fb528
/** The content size in eight bytes, and a window. */
const frameDescriptor = 0b11_000000
/** 1 MiB: exponent 10 above the smallest, in the five high bits. */
const windowDescriptor = 10 << 3
const windowBytes = 1024 * 1024
const blockBytes = 128 * 1024
const rules = { maxDistance: windowBytes, lastStartBytes: 8, lastLiteralBytes: 0 }

const BlockType = { raw: 0, compressed: 2 } as const

export function writeZstd(bytes: Buffer): Buffer {
  const header = Buffer.alloc(14)
  header.writeUInt32LE(magic, 0)
  header.writeUInt8(frameDescriptor, 4)
  header.writeUInt8(windowDescriptor, 5)
  header.writeBigUInt64LE(BigInt(bytes.length), 6)
  const chunks: Buffer[] = [header]
  const table = newRepeatTable()
  let position = 0
  do {
    const end = Math.min(position + blockBytes, bytes.length)
    const packed = compressedBlock(bytes, position, end, table)
    const isSmaller = packed.length < end - position
    const content = isSmaller ? packed : bytes.subarray(position, end)
    const type = isSmaller ? BlockType.compressed : BlockType.raw
    const blockHeader = Buffer.alloc(3)
    blockHeader.writeUIntLE((content.length << 3) | (type << 1) | (end === bytes.length ? 1 : 0), 0, 3)
    chunks.push(blockHeader, content)
    position = end
  } while (position < bytes.length)
  return Buffer.concat(chunks)
}

function compressedBlock(source: Buffer, start: number, end: number, table: RepeatTable): Buffer {
  const sequences: Sequence[] = []
  const literals: Buffer[] = []
  const rest = findRepeats(source, start, end, rules, table, (from, position, distance, matchLength) => {
    literals.push(source.subarray(from, position))
    sequences.push({ literalLength: position - from, matchLength, distance })
  })
  literals.push(source.subarray(rest, end))
  const literalBytes = Buffer.concat(literals)
  return Buffer.concat([rawLiteralsHeader(literalBytes.length), literalBytes, ...sequencesSection(sequences)])
}

/** Sizes of 12 and 20 bits; the shortest form is not worth a case of its own. */
function rawLiteralsHeader(sizeBytes: number): Buffer {
  const isShort = sizeBytes < 4096
  const header = Buffer.alloc(isShort ? 2 : 3)
  header.writeUIntLE((sizeBytes << 4) | (isShort ? 0b0100 : 0b1100), 0, header.length)
  return header
}

/** The number of sequences, then a byte that says "predefined distributions" with zero, then the sequences. */
function sequencesSection(sequences: readonly Sequence[]): Buffer[] {
  const count = sequences.length
  if (count === 0) return [Buffer.from([0])]
  const long = count - 0x7f00
  const size = count < 0x80 ? [count] : long < 0 ? [(count >> 8) + 0x80, count & 0xff] : [0xff, long & 0xff, long >> 8]
  return [Buffer.from([...size, 0]), encodeSequences(sequences)]
}
