/**
 * Snappy in the framing of xerial's snappy-java, which is what Kafka's Java client writes: a 16-byte header, then blocks of
 * (size int32, raw snappy). librdkafka and others write one raw snappy block without a frame; both are read, as Kafka does.
 */
import { BoundedOutput } from './bounded-output.ts'
import { compressBlock, decompressBlock } from './snappy-block.ts'

const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const headerBytes = 16
const version = 1
/** As Kafka's own writer uses. */
const blockBytes = 32 * 1024

export function snappyCompress(bytes: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeInt32BE(version, 8)
  header.writeInt32BE(version, 12)
  const chunks: Buffer[] = [header]
  for (let position = 0; position < bytes.length; position += blockBytes) {
    const block = compressBlock(bytes.subarray(position, position + blockBytes))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    chunks.push(size, block)
  }
  return Buffer.concat(chunks)
}

export function snappyDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  if (!bytes.subarray(0, magic.length).equals(magic)) return decompressBlock(bytes, maxSizeBytes)
  if (bytes.length < headerBytes) throw new Error('its header is cut short')
  const output = new BoundedOutput(maxSizeBytes)
  for (let position = headerBytes; position < bytes.length; ) {
    const sizeBytes = position + 4 <= bytes.length ? bytes.readInt32BE(position) : -1
    const start = position + 4
    if (sizeBytes < 0 || sizeBytes > bytes.length - start) throw new Error('a block does not fit into its frame')
    output.append(decompressBlock(bytes.subarray(start, start + sizeBytes), output.roomBytes))
    position = start + sizeBytes
  }
  return output.toBuffer()
}
