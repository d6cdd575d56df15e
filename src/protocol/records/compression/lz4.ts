/**
 * LZ4 in its frame format (version 1.6.4 of the specification), as Kafka reads and writes it: independent blocks, no content
 * checksum. Written here because the JavaScript libraries for it leave out what Kafka's reader demands (block
 * independence), have no limit on what they unpack, are native, or cost 10 ms of start-up; `lz4-block.ts` has the blocks.
 */
import { BoundedOutput } from './bounded-output.ts'
import { compressBlock, decompressBlock } from './lz4-block.ts'
import { xxhash32 } from './xxhash32.ts'

const magic = 0x184d2204
const versionBits = 0b01_000000
const blockIndependence = 0b100000
const blockChecksum = 0b010000
const contentSize = 0b001000
const storedFlag = 0x80000000
const blockSizes: readonly (number | undefined)[] = [
  undefined,
  undefined,
  undefined,
  undefined,
  65_536,
  262_144,
  1_048_576,
  4_194_304
]
/** 64 KiB blocks, as Kafka's own writer uses. */
const writtenBlockSizeId = 4
const writtenBlockBytes = 65_536

export function lz4Compress(bytes: Buffer): Buffer {
  const header = Buffer.alloc(7)
  header.writeUInt32LE(magic, 0)
  header.writeUInt8(versionBits | blockIndependence, 4)
  header.writeUInt8(writtenBlockSizeId << 4, 5)
  header.writeUInt8(headerChecksum(header.subarray(4, 6)), 6)
  const chunks: Buffer[] = [header]
  for (let position = 0; position < bytes.length; position += writtenBlockBytes) {
    const block = bytes.subarray(position, position + writtenBlockBytes)
    const packed = compressBlock(block)
    const isSmaller = packed.length < block.length
    const size = Buffer.alloc(4)
    size.writeUInt32LE((isSmaller ? packed.length : block.length + storedFlag) >>> 0)
    chunks.push(size, isSmaller ? packed : block)
  }
  chunks.push(Buffer.alloc(4))
  return Buffer.concat(chunks)
}

export function lz4Decompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  const frame = readFrameHeader(bytes)
  const output = new BoundedOutput(maxSizeBytes)
  const unpacked = Buffer.allocUnsafe(Math.min(frame.maxBlockBytes, maxSizeBytes))
  let position = frame.endPosition
  for (;;) {
    if (position + 4 > bytes.length) throw new Error('the frame has no end mark')
    const mark = bytes.readUInt32LE(position)
    position += 4
    if (mark === 0) return output.toBuffer()
    const blockSize = mark & ~storedFlag
    if (blockSize > frame.maxBlockBytes || position + blockSize > bytes.length) throw new Error('a block does not fit')
    const block = bytes.subarray(position, position + blockSize)
    const isStored = (mark & storedFlag) !== 0
    output.append(isStored ? block : unpacked.subarray(0, decompressBlock(block, unpacked)))
    position += blockSize + frame.blockChecksumBytes
  }
}

interface FrameHeader {
  readonly endPosition: number
  readonly maxBlockBytes: number
  readonly blockChecksumBytes: number
}

function readFrameHeader(bytes: Buffer): FrameHeader {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== magic) throw new Error('it does not begin like an LZ4 frame')
  const flags = bytes.readUInt8(4)
  if ((flags & 0b11_000000) !== versionBits) throw new Error('the frame has an unknown version')
  if ((flags & blockIndependence) === 0) throw new Error('its blocks depend on each other, which Kafka does not allow')
  const maxBlockBytes = blockSizes[(bytes.readUInt8(5) >> 4) & 7]
  if (maxBlockBytes === undefined) throw new Error('the frame has an unknown block size')
  const descriptorEnd = 6 + ((flags & contentSize) !== 0 ? 8 : 0)
  if (bytes.length <= descriptorEnd) throw new Error('the frame is cut short')
  // Old Kafka clients computed this checksum wrongly (KAFKA-3160); a batch has its own CRC, so nothing rests on it.
  return {
    endPosition: descriptorEnd + 1,
    maxBlockBytes,
    blockChecksumBytes: (flags & blockChecksum) !== 0 ? 4 : 0
  }
}

function headerChecksum(descriptor: Buffer): number {
  return (xxhash32(descriptor) >>> 8) & 0xff
}
