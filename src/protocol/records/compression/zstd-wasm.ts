/**
 * Zstandard's own library as WebAssembly (`@foxglove/wasm-zstd`), for Node versions without zstd where it is installed: four to
 * nine times as fast as what is written in JavaScript (measured on batches of 16 KB: 225 to 380 MB/s beside 32 to 57), one
 * file for all platforms, nothing to compile, and it cannot take the process down. It loads while the first batches are
 * unpacked without it. Its memory grows to the largest content and stays: `limits.decompressedBatchBytes` bounds that.
 */
import { createRequire } from 'node:module'

interface ZstdLibrary {
  readonly isLoaded: Promise<unknown>
  /** Throws when it cannot be unpacked, or not into so many bytes. */
  readonly decompress: (bytes: Uint8Array, contentBytesMax: number) => Buffer
}

let library: ZstdLibrary | null = null
let isAskedFor = false

/** Null as long as it is not loaded, or when it is not there. */
export function zstdLibrary(): ZstdLibrary | null {
  if (!isAskedFor) {
    isAskedFor = true
    void load()
  }
  return library
}

async function load(): Promise<void> {
  try {
    const loaded: ZstdLibrary = createRequire(import.meta.url)('@foxglove/wasm-zstd')
    await loaded.isLoaded
    library = loaded
  } catch {
    // An optional dependency: without it the reader in JavaScript goes on.
  }
}
