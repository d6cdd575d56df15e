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
const reservedFlags = 0b11
const reservedDescriptorBits = 0b1000_1111
const versionMask = 0b11_000000
const descriptorStart = 4
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
  let position = frame.endPosition
  for (;;) {
    if (position + 4 > bytes.length) throw new Error('the frame has no end mark')
    const mark = bytes.readUInt32LE(position)
    position += 4
    const blockBytes = mark & ~storedFlag
    if (blockBytes === 0) return output.toBuffer()
    if (blockBytes > frame.maxBlockBytes || position + blockBytes > bytes.length)
      throw new Error('a block does not fit')
    const block = bytes.subarray(position, position + blockBytes)
    if ((mark & storedFlag) !== 0) output.append(block)
    else output.fill(Math.min(frame.maxBlockBytes, output.roomBytes), (space) => decompressBlock(block, space))
    position += blockBytes
    if (frame.hasBlockChecksums) {
      if (position + 4 > bytes.length || bytes.readInt32LE(position) !== (xxhash32(block) | 0)) {
        throw new Error('a block does not match its checksum')
      }
      position += 4
    }
  }
}

interface FrameHeader {
  readonly endPosition: number
  readonly maxBlockBytes: number
  readonly hasBlockChecksums: boolean
}

function readFrameHeader(bytes: Buffer): FrameHeader {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== magic) throw new Error('it does not begin like an LZ4 frame')
  const flags = bytes.readUInt8(descriptorStart)
  const blockDescriptor = bytes.readUInt8(descriptorStart + 1)
  if ((flags & versionMask) !== versionBits) throw new Error('the frame has an unknown version')
  if ((flags & reservedFlags) !== 0 || (blockDescriptor & reservedDescriptorBits) !== 0) {
    throw new Error('the frame has bits of a later version')
  }
  if ((flags & blockIndependence) === 0) throw new Error('its blocks depend on each other, which Kafka does not allow')
  const maxBlockBytes = blockSizes[blockDescriptor >> 4]
  if (maxBlockBytes === undefined) throw new Error('the frame has an unknown block size')
  const descriptorEnd = descriptorStart + 2 + ((flags & contentSize) !== 0 ? 8 : 0)
  if (bytes.length <= descriptorEnd) throw new Error('the frame is cut short')
  if (bytes.readUInt8(descriptorEnd) !== headerChecksum(bytes.subarray(descriptorStart, descriptorEnd))) {
    throw new Error('the frame does not match the checksum of its header')
  }
  return { endPosition: descriptorEnd + 1, maxBlockBytes, hasBlockChecksums: (flags & blockChecksum) !== 0 }
}

function headerChecksum(descriptor: Buffer): number {
  return (xxhash32(descriptor) >>> 8) & 0xff
}
