/**
 * One raw snappy block (the snappy format description): the size of the content as a varint, then literals and copies, told
 * apart by the two lowest bits of a tag. Written here because the JavaScript library for it does not end on some bytes that
 * are no snappy, which a client could use to stop the broker.
 */
import { tooLarge } from './bounded-output.ts'
import { copyRepeat, findRepeats, newRepeatTable } from './repeats.ts'

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
  let from = end
  let to = 0
  while (from < source.length) {
    const tag = source[from++] ?? 0
    const part = (tag & 3) === literalTag ? readLiteral(source, from, tag) : readCopy(source, from, tag)
    if (part.length > sizeBytes - to) throw new Error('there is more content than announced')
    from = part.end
    if (part.distance === 0) {
      if (part.length > source.length - from) throw new Error('a literal is cut short')
      source.copy(target, to, from, from + part.length)
      from += part.length
    } else {
      if (part.distance > to) throw new Error('a copy points before the beginning')
      copyRepeat(target, to, part.distance, part.length)
    }
    to += part.length
  }
  if (to !== sizeBytes) throw new Error('there is less content than announced')
  return target
}

interface Part {
  readonly length: number
  /** 0 for a literal. */
  readonly distance: number
  /** Where the bytes after the tag and its numbers begin. */
  readonly end: number
}

function readLiteral(source: Buffer, position: number, tag: number): Part {
  const size = tag >> 2
  if (size < inlineLiteralBytes) return { length: size + 1, distance: 0, end: position }
  const sizeBytes = size - inlineLiteralBytes + 1
  return { length: numberAt(source, position, sizeBytes) + 1, distance: 0, end: position + sizeBytes }
}

function readCopy(source: Buffer, position: number, tag: number): Part {
  const kind = tag & 3
  if (kind === shortCopyTag) {
    const distance = ((tag >> 5) << 8) | numberAt(source, position, 1)
    return { length: ((tag >> 2) & 7) + 4, distance: nonZero(distance), end: position + 1 }
  }
  const distanceBytes = kind === copyTag ? 2 : 4
  const distance = numberAt(source, position, distanceBytes)
  return { length: (tag >> 2) + 1, distance: nonZero(distance), end: position + distanceBytes }
}

function nonZero(distance: number): number {
  if (distance === 0) throw new Error('a copy of nothing')
  return distance
}

function numberAt(source: Buffer, position: number, sizeBytes: number): number {
  if (sizeBytes > source.length - position) throw new Error('a tag is cut short')
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
