/**
 * Gives the client library zstd on Node.js versions that lack it (it came with 22.15), with the broker's own codec. The
 * other codecs are the library's.
 */
import type * as kafka from '@platformatic/kafka'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

/** The largest record set a decompressed batch may become. */
const decompressedBytesMax = 512 * 1024 * 1024

export async function enableZstd(library: typeof kafka): Promise<void> {
  const zstd = library.compressionsAlgorithms.zstd
  if (zstd.available) return
  const { zstdCompress, zstdDecompress } = await import('../protocol/records/compression/zstd.ts')
  Object.assign(zstd, {
    compressSync: zstdCompress,
    decompressSync: (bytes: Buffer) => zstdDecompress(bytes, decompressedBytesMax),
    available: true
  })
}
