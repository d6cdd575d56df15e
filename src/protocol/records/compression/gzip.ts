/** gzip, by Node's own zlib. */
import { zlib } from './zlib.ts'

/** A batch is unpacked in one or two pieces of this size, not in dozens. */
const chunkBytes = 64 * 1024

export function gzipCompress(bytes: Buffer, level?: number): Buffer {
  return zlib().gzipSync(bytes, { level })
}

export function gzipDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  return zlib().gunzipSync(bytes, { maxOutputLength: maxSizeBytes, chunkSize: chunkBytes })
}
