/**
 * Zstandard, by Node's own zlib where it has it (22.15 and newer). On Node 20 `zstd-reader.ts` reads, with fzstd, and `zstd-writer.ts`
 * writes: no library in plain JavaScript writes zstd, and those in WebAssembly are 300 KB and load asynchronously.
 */
import { zlib } from './zlib.ts'
import { readZstd } from './zstd-reader.ts'
import { writeZstd } from './zstd-writer.ts'

interface ZstdOptions {
  readonly maxOutputLength?: number
  readonly params?: Readonly<Record<number, number>>
}
type Transform = (bytes: Uint8Array, options?: ZstdOptions) => Buffer

export function zstdCompress(bytes: Buffer, level?: number): Buffer {
  const nodeCompress = zlibFunction('zstdCompressSync')
  const levelParameter: unknown = Reflect.get(zlib().constants, 'ZSTD_c_compressionLevel')
  if (nodeCompress === undefined) return writeZstd(bytes)
  if (level === undefined || typeof levelParameter !== 'number') return nodeCompress(bytes)
  return nodeCompress(bytes, { params: { [levelParameter]: level } })
}

export function zstdDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  const nodeDecompress = zlibFunction('zstdDecompressSync')
  return nodeDecompress ? nodeDecompress(bytes, { maxOutputLength: maxSizeBytes }) : readZstd(bytes, maxSizeBytes)
}

function zlibFunction(name: string): Transform | undefined {
  const found: unknown = Reflect.get(zlib(), name)
  return typeof found === 'function' ? (found as Transform) : undefined
}
