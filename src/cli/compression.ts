/**
 * Compression for the client library. Its snappy cannot read what Java's client writes beyond one block, and zstd came to
 * Node.js only with 22.15; both are replaced by the broker's own codecs. gzip and lz4 are the library's.
 */
import type * as kafka from '@platformatic/kafka'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

/** A batch that claims to be larger than this is refused rather than unpacked. */
const decompressedBytesMax = 512 * 1024 * 1024

export async function completeCodecs(library: typeof kafka): Promise<void> {
  const { compress, Compression, decompress } = await import('../protocol/records/compression/codec.ts')
  for (const name of ['snappy', 'zstd'] as const) {
    Object.assign(library.compressionsAlgorithms[name], {
      compressSync: (bytes: Buffer) => compress(Compression[name], bytes),
      decompressSync: (bytes: Buffer) => decompress(Compression[name], bytes, decompressedBytesMax),
      available: true
    })
  }
}
