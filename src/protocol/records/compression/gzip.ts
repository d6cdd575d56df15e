/** gzip, by Node's own zlib. */
import { gunzipSync, gzipSync } from 'node:zlib'

export function gzipCompress(bytes: Buffer, level?: number): Buffer {
  return gzipSync(bytes, { level })
}

export function gzipDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  return gunzipSync(bytes, { maxOutputLength: maxSizeBytes })
}
