/** The four compressions of record batches, by the number that a batch's attributes carry (Kafka: CompressionType). */
import { gzipCompress, gzipDecompress } from './gzip.ts'
import { lz4Compress, lz4Decompress } from './lz4.ts'
import { snappyCompress, snappyDecompress } from './snappy.ts'
import { zstdCompress, zstdDecompress } from './zstd.ts'

export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type Compression = (typeof Compression)[keyof typeof Compression]

/** Compressed bytes that cannot be read, or that would grow past the limit. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError'
}

interface Codec {
  readonly name: string
  readonly compress: (bytes: Buffer, level?: number) => Buffer
  readonly decompress: (bytes: Buffer, maxSizeBytes: number) => Buffer
}

const codecs: readonly (Codec | undefined)[] = [
  undefined,
  { name: 'gzip', compress: gzipCompress, decompress: gzipDecompress },
  { name: 'snappy', compress: snappyCompress, decompress: snappyDecompress },
  { name: 'lz4', compress: lz4Compress, decompress: lz4Decompress },
  { name: 'zstd', compress: zstdCompress, decompress: zstdDecompress }
]

/** The levels are Kafka's: gzip 1 to 9, zstd -131072 to 22 (where Node has zstd). Snappy has none, LZ4 has one here. */
export function compress(compression: number, bytes: Buffer, level?: number): Buffer {
  if (compression === Compression.none) return bytes
  return codecOf(compression).compress(bytes, level)
}

/** Throws CompressionError on bytes that cannot be read and when they would grow past `maxSizeBytes`. */
export function decompress(compression: number, bytes: Buffer, maxSizeBytes: number): Buffer {
  if (compression === Compression.none) return bytes
  const codec = codecOf(compression)
  try {
    return codec.decompress(bytes, maxSizeBytes)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CompressionError(`${codec.name} data cannot be read: ${why}`, { cause: error })
  }
}

function codecOf(compression: number): Codec {
  const codec = codecs[compression]
  if (codec === undefined) throw new CompressionError(`There is no compression type ${compression}.`)
  return codec
}
