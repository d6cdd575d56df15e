/** A record as `consume` reads it, of which a test names what matters. */
import type { ConsumedRecord } from '../../src/cli/record.ts'

export function consumed(part: Partial<ConsumedRecord>): ConsumedRecord {
  return {
    topic: 'orders',
    partition: 0,
    offset: 0n,
    timestampMs: 1700000000000,
    timestampType: 'CreateTime',
    key: null,
    value: null,
    headers: [],
    attributes: 0,
    leaderEpoch: 0,
    producerId: -1n,
    producerEpoch: -1,
    logStartOffset: 0n,
    lastStableOffset: 0n,
    highWatermark: 0n,
    ...part
  }
}
