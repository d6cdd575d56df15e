/**
 * Control records: what a broker writes between the records of users, in batches with the control flag. The key is
 * (version int16, type int16); the values' schemas are EndTxnMarker and KRaft's (Kafka: ControlRecordType).
 */
import { EndTxnMarker } from '../generated/common/end-txn-marker.ts'
import { Reader, Writer } from '../primitives.ts'
import { buildBatch } from './builder.ts'
import { readRecords } from './reader.ts'

export const ControlRecordType = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6
} as const
export type ControlRecordType = (typeof ControlRecordType)[keyof typeof ControlRecordType]

export function controlKey(type: ControlRecordType): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(type, 2)
  return key
}

/** The type that a control record's key names; null for one that this version does not know. */
export function controlTypeOf(key: Buffer | null): ControlRecordType | null {
  if (key === null || key.length < 4) return null
  const type = key.readInt16BE(2)
  return Object.values(ControlRecordType).find((known) => known === type) ?? null
}

/** The batch that ends a transaction in one partition. */
export function endTransactionMarker(marker: {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly outcome: 'commit' | 'abort'
  readonly timestampMs: number
}): Buffer {
  const value = new Writer(8)
  value.writeInt16(0)
  EndTxnMarker.encode(value, { coordinatorEpoch: marker.coordinatorEpoch }, 0)
  return buildBatch({
    isTransactional: true,
    isControl: true,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    records: [
      {
        timestamp: marker.timestampMs,
        key: controlKey(ControlRecordType[marker.outcome]),
        value: value.toBuffer(),
        headers: []
      }
    ]
  })
}

export interface TransactionEnd {
  readonly outcome: 'commit' | 'abort'
  readonly coordinatorEpoch: number
}

/** How a control batch ends a transaction; null when it is another kind of control batch. */
export function readTransactionEnd(batch: Buffer): TransactionEnd | null {
  const [record] = readRecords(batch)
  const type = record === undefined ? null : controlTypeOf(record.key)
  if (record === undefined || (type !== ControlRecordType.abort && type !== ControlRecordType.commit)) return null
  const reader = new Reader(record.value ?? Buffer.alloc(0))
  const version = reader.readInt16()
  const { coordinatorEpoch } = EndTxnMarker.decode(reader, Math.min(version, EndTxnMarker.highestVersion))
  return { outcome: type === ControlRecordType.commit ? 'commit' : 'abort', coordinatorEpoch }
}
