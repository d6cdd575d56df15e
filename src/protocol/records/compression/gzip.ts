/** gzip, by Node's own zlib. */
import { zlib } from './zlib.ts'

export function gzipCompress(bytes: Buffer, level?: number): Buffer {
  return zlib().gzipSync(bytes, { level })
}

export function gzipDecompress(bytes: Buffer, maxSizeBytes: number): Buffer {
  return zlib().gunzipSync(bytes, { maxOutputLength: maxSizeBytes })
}
