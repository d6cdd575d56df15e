/** A batch as a topic with a compression of its own keeps it. */
import {
  batchHeaderBytes,
  compressionOf,
  isLogAppendTime,
  readBatchHeader
} from '../../../src/protocol/records/batch.ts'
import { decompress } from '../../../src/protocol/records/compression/codec.ts'
import { rebuildBatch } from '../../../src/protocol/records/rebuild.ts'

const maxBytes = 100_000_000

export function recompressed(batch: Buffer, compression: number): Buffer {
  const header = readBatchHeader(batch)
  const records = decompress(compressionOf(header.attributes), batch.subarray(batchHeaderBytes), maxBytes)
  const timestampType = isLogAppendTime(header.attributes) ? 'LogAppendTime' : 'CreateTime'
  return rebuildBatch(batch, header, records, {
    compression,
    level: null,
    timestampType,
    maxTimestamp: header.maxTimestamp
  })
}
