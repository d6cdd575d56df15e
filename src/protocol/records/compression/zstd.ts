/**
 * Zstandard, by Node's own zlib where it has it (22.15 and newer). On Node 20 `zstd-wasm.ts` reads, once it is loaded;
 * before that, and without it, `zstd-reader.ts`. `zstd-writer.ts` writes: an answer cannot wait for a library to load.
 */
import { zlib } from './zlib.ts'
import { boundContent, readZstd } from './zstd-reader.ts'
import { zstdLibrary } from './zstd-wasm.ts'
import { writeZstd } from './zstd-writer.ts'

interface ZstdOptions {
  readonly maxOutputLength?: number
  readonly params?: Readonly<Record<number, number>>
}
type Transform = (bytes: Uint8Array, options?: ZstdOptions) => Buffer

/** Whether Node writes it. Ours leaves literals as they are, so that what it writes can be half as large again. */
export function writesZstdDensely(): boolean {
  return zlibFunction('zstdCompressSync') !== undefined
}

export function zstdCompress(bytes: Buffer, level?: number): Buffer {
  const nodeCompress = zlibFunction('zstdCompressSync')
  const levelParameter: unknown = Reflect.get(zlib().constants, 'ZSTD_c_compressionLevel')
  if (nodeCompress === undefined) return writeZstd(bytes)
  if (level === undefined || typeof levelParameter !== 'number') return nodeCompress(bytes)
  return nodeCompress(bytes, { params: { [levelParameter]: level } })
}

export function zstdDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  const nodeDecompress = zlibFunction('zstdDecompressSync')
  if (nodeDecompress !== undefined) return nodeDecompress(bytes, { maxOutputLength: maxSizeBytes })
  const contentBytesMax = boundContent(bytes, maxSizeBytes)
  return zstdLibrary()?.decompress(bytes, contentBytesMax) ?? readZstd(bytes, maxSizeBytes)
}

function zlibFunction(name: string): Transform | undefined {
  const found: unknown = Reflect.get(zlib(), name)
  return typeof found === 'function' ? (found as Transform) : undefined
}
