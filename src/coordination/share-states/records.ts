/**
 * The records of `__share_group_state`, as Apache Kafka 4.4.0 writes them, all in version 0: a snapshot says all of one share partition, an
 * update what one write changed. A snapshot without a value deletes.
 */
import { ShareSnapshotKey } from '../../protocol/generated/share-log/share-snapshot-key.ts'
import { ShareSnapshotValue } from '../../protocol/generated/share-log/share-snapshot-value.ts'
import { ShareUpdateKey } from '../../protocol/generated/share-log/share-update-key.ts'
import { ShareUpdateValue } from '../../protocol/generated/share-log/share-update-value.ts'
import type { Message } from '../../protocol/message.ts'
import { ProtocolError, Reader, Writer } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import type { SharePartitionKey, ShareState } from './state.ts'

const version = 0

export interface Snapshot extends ShareState {
  readonly createTimestampMs: number
  readonly writeTimestampMs: number
}

/** What an update says; the state epoch stays as it is. */
export type Update = Omit<ShareState, 'stateEpoch'>

export type ShareLogRecord =
  | { readonly kind: 'snapshot'; readonly key: SharePartitionKey; readonly snapshot: Snapshot }
  | { readonly kind: 'update'; readonly key: SharePartitionKey; readonly update: Update }
  | { readonly kind: 'removed'; readonly key: SharePartitionKey }

export function snapshotRecord(key: SharePartitionKey, snapshot: Snapshot): StateRecord {
  const { batches: stateBatches, createTimestampMs, writeTimestampMs, ...rest } = snapshot
  const value = { ...rest, stateBatches, createTimestamp: createTimestampMs, writeTimestamp: writeTimestampMs }
  return {
    key: bytesOf(ShareSnapshotKey, ShareSnapshotKey.apiKey, key),
    value: bytesOf(ShareSnapshotValue, version, value)
  }
}

export function updateRecord(key: SharePartitionKey, { batches: stateBatches, ...rest }: Update): StateRecord {
  const value = { ...rest, stateBatches }
  return { key: bytesOf(ShareUpdateKey, ShareUpdateKey.apiKey, key), value: bytesOf(ShareUpdateValue, version, value) }
}

export function shareTombstone(key: SharePartitionKey): StateRecord {
  return { key: bytesOf(ShareSnapshotKey, ShareSnapshotKey.apiKey, key), value: null }
}

/** Null for a type that only a later Kafka knows, which is passed over as Kafka does. Throws ProtocolError. */
export function readShareRecord({ key, value }: StateRecord): ShareLogRecord | null {
  if (key === null) throw new ProtocolError('a record has no key, which says what it is')
  const reader = new Reader(key)
  reader.subject = 'the key of a record'
  const type = reader.readInt16()
  if (type === ShareSnapshotKey.apiKey) {
    const of = ShareSnapshotKey.decode(reader, version)
    return value === null ? { kind: 'removed', key: of } : { kind: 'snapshot', key: of, snapshot: readSnapshot(value) }
  }
  if (type !== ShareUpdateKey.apiKey) return null
  const of = ShareUpdateKey.decode(reader, version)
  if (value === null) throw new ProtocolError('an update of a share state says nothing')
  return { kind: 'update', key: of, update: readUpdate(value) }
}

function readSnapshot(value: Buffer): Snapshot {
  const reader = new Reader(value)
  const read = ShareSnapshotValue.decode(reader, reader.readInt16())
  const { stateBatches: batches, createTimestamp, writeTimestamp, ...rest } = read
  return { ...rest, batches, createTimestampMs: createTimestamp, writeTimestampMs: writeTimestamp }
}

function readUpdate(value: Buffer): Update {
  const reader = new Reader(value)
  const { stateBatches: batches, ...rest } = ShareUpdateValue.decode(reader, reader.readInt16())
  return { ...rest, batches }
}

/** Keys begin with their type, values with their version. */
function bytesOf<T>(message: Message<T>, prefix: number, content: T): Buffer {
  const writer = new Writer()
  writer.writeInt16(prefix)
  message.encode(writer, content, version)
  return writer.toBuffer()
}
