/**
 * One raw snappy block (the snappy format description): the size of the content as a varint, then literals and copies, told
 * apart by the two lowest bits of a tag. Written here because the JavaScript library for it does not end on some bytes that
 * are no snappy, which a client could use to stop the broker.
 */
import { tooLarge } from './bounded-output.ts'
import { copyLiterals, copyRepeat, findRepeats, newRepeatTable, viewed } from './repeats.ts'

const rules = { maxDistance: 65_535, lastStartBytes: 15, lastLiteralBytes: 0 }
const literalTag = 0
const shortCopyTag = 1
const copyTag = 2
/** Literals up to this size have it in their tag; above it stand one to four bytes. */
const inlineLiteralBytes = 60
const copyBytesMax = 64
/** The best that can be made of a byte: a copy of three bytes gives 64. */
const bestRatio = 22

export function compressBlock(source: Buffer): Buffer {
  const target = Buffer.allocUnsafe(32 + source.length + Math.ceil(source.length / 6))
  let length = writeVarint(target, source.length)
  const rest = findRepeats(source, 0, source.length, rules, newRepeatTable(), (from, position, distance, repeated) => {
    length = writeLiteral(target, length, source.subarray(from, position))
    length = writeCopies(target, length, distance, repeated)
  })
  return target.subarray(0, writeLiteral(target, length, source.subarray(rest)))
}

function writeVarint(target: Buffer, value: number): number {
  let length = 0
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) target[length++] = (rest & 0x7f) | 0x80
  target[length++] = rest
  return length
}

function writeLiteral(target: Buffer, at: number, literal: Buffer): number {
  if (literal.length === 0) return at
  const size = literal.length - 1
  let length = at
  if (size < inlineLiteralBytes) target[length++] = (size << 2) | literalTag
  else {
    const sizeBytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : 4
    target[length++] = ((inlineLiteralBytes - 1 + sizeBytes) << 2) | literalTag
    length = target.writeUIntLE(size, length, sizeBytes)
  }
  literal.copy(target, length)
  return length + literal.length
}

function writeCopies(target: Buffer, at: number, distance: number, repeated: number): number {
  let length = at
  let rest = repeated
  // What is left for the last copy must not be shorter than the four bytes that a short one can say.
  for (; rest >= copyBytesMax + 4; rest -= copyBytesMax) length = writeCopy(target, length, distance, copyBytesMax)
  if (rest > copyBytesMax) {
    length = writeCopy(target, length, distance, copyBytesMax - 4)
    rest -= copyBytesMax - 4
  }
  return writeCopy(target, length, distance, rest)
}

function writeCopy(target: Buffer, at: number, distance: number, length: number): number {
  if (length < 12 && distance < 2048) {
    target[at] = ((distance >> 8) << 5) | ((length - 4) << 2) | shortCopyTag
    target[at + 1] = distance & 0xff
    return at + 2
  }
  target[at] = ((length - 1) << 2) | copyTag
  return target.writeUInt16LE(distance, at + 1)
}

/** Throws on bytes that are no snappy, and when the content would be larger than `maxSizeBytes`. */
export function decompressBlock(source: Buffer, maxSizeBytes: number): Buffer {
  const { value: sizeBytes, end } = readVarint(source)
  if (sizeBytes > maxSizeBytes) throw tooLarge(maxSizeBytes)
  if (sizeBytes > source.length * bestRatio) throw new Error('so few bytes cannot hold what they say')
  const target = Buffer.allocUnsafe(sizeBytes)
  const sourceEnd = source.length
  const packed = viewed(source)
  const unpacked = viewed(target)
  let from = end
  let to = 0
  while (from < sourceEnd) {
    const tag = source[from++] as number
    const kind = tag & 3
    if (kind === literalTag) {
      let length = (tag >> 2) + 1
      if (length > inlineLiteralBytes) {
        const lengthBytes = length - inlineLiteralBytes
        length = numberAt(source, from, lengthBytes) + 1
        from += lengthBytes
      }
      if (length > sizeBytes - to) throw new Error('there is more content than announced')
      if (length > sourceEnd - from) throw new Error('a literal is cut short')
      copyLiterals(packed, from, unpacked, to, length)
      from += length
      to += length
      continue
    }
    let length = (tag >> 2) + 1
    let distance: number
    if (kind === shortCopyTag) {
      length = ((tag >> 2) & 7) + 4
      distance = ((tag >> 5) << 8) | numberAt(source, from, 1)
      from += 1
    } else {
      const distanceBytes = kind === copyTag ? 2 : 4
      distance = numberAt(source, from, distanceBytes)
      from += distanceBytes
    }
    if (distance === 0) throw new Error('a copy of nothing')
    if (distance > to) throw new Error('a copy points before the beginning')
    if (length > sizeBytes - to) throw new Error('there is more content than announced')
    copyRepeat(unpacked, to, distance, length)
    to += length
  }
  if (to !== sizeBytes) throw new Error('there is less content than announced')
  return target
}

/** Little-endian, of one to four bytes. */
function numberAt(source: Buffer, position: number, sizeBytes: number): number {
  if (sizeBytes > source.length - position) throw new Error('a tag is cut short')
  if (sizeBytes === 1) return source[position] as number
  if (sizeBytes === 2) return (source[position] as number) | ((source[position + 1] as number) << 8)
  return source.readUIntLE(position, sizeBytes)
}

function readVarint(source: Buffer): { value: number; end: number } {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = numberAt(source, index, 1)
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, end: index + 1 }
  }
  throw new Error('its size is no number')
}
