/**
 * Zstandard, by Node's own zlib where it has it (22.15 and newer). On Node 20 reading goes through fzstd, and writing gives
 * frames of stored blocks, which every reader of zstd understands but which are no smaller.
 */
import * as zlib from 'node:zlib'
import { Decompress } from 'fzstd'

type Transform = (bytes: Uint8Array, options?: { maxOutputLength?: number }) => Buffer

const nodeCompress = zlibFunction('zstdCompressSync')
const nodeDecompress = zlibFunction('zstdDecompressSync')

const magic = 0xfd2fb528
/** A single segment whose content size is told in eight bytes. */
const frameDescriptor = 0b11100000
const storedBlockBytes = 128 * 1024

export function zstdCompress(bytes: Buffer): Buffer {
  return nodeCompress ? nodeCompress(bytes) : storedFrame(bytes)
}

export function zstdDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  return nodeDecompress ? nodeDecompress(bytes, { maxOutputLength: maxSizeBytes }) : streamed(bytes, maxSizeBytes)
}

/** RFC 8878: magic, frame header, blocks of (last flag, type 0 = raw, size), no checksum. */
export function storedFrame(bytes: Buffer): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32LE(magic, 0)
  header.writeUInt8(frameDescriptor, 4)
  header.writeUInt32LE(bytes.length, 5)
  const chunks: Buffer[] = [header]
  let position = 0
  do {
    const block = bytes.subarray(position, position + storedBlockBytes)
    position += storedBlockBytes
    const isLast = position >= bytes.length ? 1 : 0
    const blockHeader = Buffer.alloc(3)
    blockHeader.writeUIntLE((block.length << 3) | isLast, 0, 3)
    chunks.push(blockHeader, block)
  } while (position < bytes.length)
  return Buffer.concat(chunks)
}

/** Decompressed piece by piece, so that a bomb is noticed before it has grown. */
export function streamed(bytes: Buffer, maxSizeBytes: number): Buffer {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const stream = new Decompress((chunk) => {
    sizeBytes += chunk.length
    if (sizeBytes > maxSizeBytes) throw new Error(`it would have more than ${maxSizeBytes} bytes`)
    chunks.push(chunk)
  })
  refuseLargeWindow(bytes, maxSizeBytes)
  stream.push(bytes, true)
  return Buffer.concat(chunks, sizeBytes)
}

/** A frame header may ask for a window of terabytes; it is refused before anything is allocated. */
function refuseLargeWindow(bytes: Buffer, maxSizeBytes: number): void {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== magic) throw new Error('it does not begin like a zstd frame')
  const descriptor = bytes.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  if (!isSingleSegment) {
    const window = bytes.readUInt8(5)
    const windowBytes = 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8)
    if (windowBytes > Math.max(maxSizeBytes, 8 * 1024 * 1024))
      throw new Error(`it asks for a window of ${windowBytes} bytes`)
    return
  }
  const sizeFieldBytes = [1, 2, 4, 8][descriptor >> 6] ?? 8
  if (bytes.length < 5 + sizeFieldBytes) throw new Error('its header is cut short')
  const contentBytes = sizeFieldBytes === 8 ? Number(bytes.readBigUInt64LE(5)) : bytes.readUIntLE(5, sizeFieldBytes)
  if (contentBytes > maxSizeBytes) throw new Error(`it would have more than ${maxSizeBytes} bytes`)
}

function zlibFunction(name: string): Transform | undefined {
  const found: unknown = Reflect.get(zlib, name)
  return typeof found === 'function' ? (found as Transform) : undefined
}
