/**
 * Reads zstd frames (RFC 8878) with fzstd where Node has no zstd of its own. fzstd believes what a frame says: it allocates the
 * window that the header asks for and moves the whole of it at each block. So the frame is walked first, from block header
 * to block header, and what would cost too much memory or time is refused before anything is unpacked.
 */
import { Decompress } from 'fzstd'
import { BoundedOutput, tooLarge } from './bounded-output.ts'

const magic = 0xfd2fb528
const blockBytesMax = 128 * 1024
const blockHeaderBytes = 3
const checksumBytes = 4
const leastWindowBytes = 1024
const reservedBit = 0b1000
/** Bytes that fzstd moves for one frame, which take some seconds. Content of 100 MB in a window of 8 MiB stays below. */
const movedBytesMax = 2 ** 34

const BlockType = { raw: 0, repeatedByte: 1, compressed: 2 } as const

interface Frame {
  readonly endPosition: number
  readonly blockCount: number
  /** As the header of the frame says; null when it does not. */
  readonly contentBytes: number | null
  /** The content has at most so many bytes, as far as the headers of its blocks tell. */
  readonly contentBytesMax: number
  readonly windowBytes: number
  /** 0 when the window is the content. */
  readonly windowPosition: number
}

export function readZstd(bytes: Buffer, maxSizeBytes: number): Buffer {
  const output = new BoundedOutput(maxSizeBytes)
  let position = 0
  do {
    const frame = readFrame(bytes, position, output.roomBytes)
    const roomBytes = output.roomBytes
    const stream = new Decompress((piece) => output.append(piece))
    stream.push(withFittingWindow(bytes.subarray(position, frame.endPosition), position, frame), true)
    const contentBytes = roomBytes - output.roomBytes
    if (frame.contentBytes !== null && frame.contentBytes !== contentBytes) {
      throw new Error(`it says ${frame.contentBytes} bytes of content, and has ${contentBytes}`)
    }
    position = frame.endPosition
  } while (position < bytes.length)
  return output.toBuffer()
}

/** How many bytes the content has at most, no more than the limit, as far as headers tell. Throws on what is not zstd. */
export function boundContent(bytes: Buffer, maxSizeBytes: number): number {
  let bound = 0
  let position = 0
  do {
    const frame = readFrame(bytes, position, maxSizeBytes)
    bound += Math.min(frame.contentBytes ?? maxSizeBytes, frame.contentBytesMax)
    position = frame.endPosition
  } while (position < bytes.length)
  return Math.min(bound, maxSizeBytes)
}

function readFrame(bytes: Buffer, start: number, roomBytes: number): Frame {
  if (bytes.length - start < 6 || bytes.readUInt32LE(start) !== magic) {
    throw new Error('it does not begin like a zstd frame')
  }
  const descriptor = bytes.readUInt8(start + 4)
  if ((descriptor & reservedBit) !== 0) throw new Error('its header has a bit of a later version')
  const isSingleSegment = (descriptor & 0x20) !== 0
  const windowPosition = isSingleSegment ? 0 : start + 5
  const sizePosition = start + 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  if (bytes.length < sizePosition + sizeBytes) throw new Error('its header is cut short')
  const contentBytes = sizeAt(bytes, sizePosition, sizeBytes)
  if (contentBytes > roomBytes) throw tooLarge(roomBytes)
  const blocks = walkBlocks(bytes, sizePosition + sizeBytes)
  const endPosition = blocks.endPosition + ((descriptor & 4) !== 0 ? checksumBytes : 0)
  if (endPosition > bytes.length) throw new Error('its checksum is cut short')
  const windowBytes = Math.min(
    isSingleSegment ? contentBytes : windowOf(bytes.readUInt8(windowPosition)),
    // One more than there is room for: what is too large must be seen to be, not be cut.
    fittingWindow(Math.min(blocks.contentBytesMax, roomBytes + 1))
  )
  if (windowBytes * blocks.blockCount > movedBytesMax) throw new Error('it has too many blocks for its window')
  return { ...blocks, endPosition, windowBytes, windowPosition, contentBytes: sizeBytes === 0 ? null : contentBytes }
}

function walkBlocks(bytes: Buffer, start: number): Pick<Frame, 'endPosition' | 'blockCount' | 'contentBytesMax'> {
  let contentBytesMax = 0
  let blockCount = 0
  let position = start
  for (;;) {
    if (position + blockHeaderBytes > bytes.length) throw new Error('a block is cut short')
    const header = bytes.readUIntLE(position, blockHeaderBytes)
    const type = (header >> 1) & 3
    const sizeBytes = header >> 3
    if (sizeBytes > blockBytesMax || type > BlockType.compressed) throw new Error('there is no such block')
    position += blockHeaderBytes + (type === BlockType.repeatedByte ? 1 : sizeBytes)
    if (position > bytes.length) throw new Error('a block is cut short')
    contentBytesMax += type === BlockType.compressed ? blockBytesMax : sizeBytes
    blockCount += 1
    if ((header & 1) === 1) return { endPosition: position, blockCount, contentBytesMax }
  }
}

function sizeAt(bytes: Buffer, position: number, sizeBytes: number): number {
  if (sizeBytes === 0) return 0
  if (sizeBytes === 8) return Number(bytes.readBigUInt64LE(position))
  // Two bytes count from 256 on: one byte says what is below.
  return bytes.readUIntLE(position, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
}

function windowOf(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8)
}

/** The smallest power of two that holds so much. */
function fittingWindow(contentBytes: number): number {
  let windowBytes = leastWindowBytes
  while (windowBytes < contentBytes) windowBytes *= 2
  return windowBytes
}

/** No distance reaches further back than the content, so that a window larger than the content serves nobody. */
function withFittingWindow(bytes: Buffer, start: number, frame: Frame): Buffer {
  if (frame.windowPosition === 0) return bytes
  const asked = bytes.readUInt8(frame.windowPosition - start)
  if (windowOf(asked) <= frame.windowBytes) return bytes
  const copy = Buffer.from(bytes)
  copy.writeUInt8(Math.log2(frame.windowBytes / leastWindowBytes) << 3, frame.windowPosition - start)
  return copy
}
