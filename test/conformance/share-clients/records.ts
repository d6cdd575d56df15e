import { buildBatch } from '../../../src/protocol/records/builder.ts'

/** One batch of records with these values, as a client sends it. */
export function batchOf(values: readonly string[]): Buffer {
  const now = Date.now()
  return buildBatch({
    records: values.map((value) => ({ timestamp: now, key: null, value: Buffer.from(value), headers: [] }))
  })
}
