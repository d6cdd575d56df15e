/**
 * Snappy in the framing of xerial's snappy-java, which is what Kafka's Java client writes: a 16-byte header, then blocks of
 * (size int32, raw snappy). librdkafka and others write one raw snappy block without a frame; both are read, as Kafka does.
 */
import { compress, uncompress } from 'snappyjs'

const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const headerBytes = 16
const version = 1
const blockBytes = 32 * 1024

export function snappyCompress(bytes: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeInt32BE(version, 8)
  header.writeInt32BE(version, 12)
  const chunks: Buffer[] = [header]
  for (let position = 0; position < bytes.length; position += blockBytes) {
    const block = Buffer.from(compress(bytes.subarray(position, position + blockBytes)))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    chunks.push(size, block)
  }
  return Buffer.concat(chunks)
}

export function snappyDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  if (!bytes.subarray(0, magic.length).equals(magic)) return Buffer.from(uncompress(bytes, maxSizeBytes))
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for (let position = headerBytes; position < bytes.length; ) {
    const blockSize = position + 4 <= bytes.length ? bytes.readInt32BE(position) : -1
    if (blockSize < 0 || position + 4 + blockSize > bytes.length) throw new Error('a block does not fit into its frame')
    const block = Buffer.from(
      uncompress(bytes.subarray(position + 4, position + 4 + blockSize), maxSizeBytes - sizeBytes)
    )
    chunks.push(block)
    sizeBytes += block.length
    position += 4 + blockSize
  }
  return Buffer.concat(chunks, sizeBytes)
}
