/**
 * Snapshots of the metadata log (KIP-630; Kafka: Snapshots, RecordsSnapshotReader): `OFFSET-EPOCH.checkpoint` holds what all
 * records below the offset come to, so that Kafka may drop them. Batches: a control batch with the header first, the records
 * as the log has them, a control batch with the footer last. Kafka writes one beside and renames it when it is whole and synced.
 */
import {
  batchSizeAt,
  currentMagic,
  hasValidCrc,
  isControl,
  lastOffsetOf,
  magicAt,
  readBatchHeader
} from '../../protocol/records/batch.ts'
import { readRaftControlRecords } from '../../protocol/records/raft-control-records.ts'
import { readRecords } from '../../protocol/records/reader.ts'
import type { StateRecord } from '../coordinator.ts'

export interface SnapshotId {
  readonly name: string
  /** The first offset that is not in it. */
  readonly endOffset: number
  /** Of the last record in it. */
  readonly epoch: number
}

/** The snapshots among the names of a directory, the oldest first. */
export function snapshotsAmong(names: readonly string[]): SnapshotId[] {
  const found = names.flatMap((name) => {
    const [, endOffset, epoch] = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name) ?? []
    if (endOffset === undefined || epoch === undefined) return []
    return [{ name, endOffset: Number(endOffset), epoch: Number(epoch) }]
  })
  return found.sort((one, other) => one.endOffset - other.endOffset || one.epoch - other.epoch)
}

/** The newest snapshot among the names of a directory; null when there is none. */
export function newestSnapshot(names: readonly string[]): SnapshotId | null {
  return snapshotsAmong(names).at(-1) ?? null
}

/** Where the bytes are not those of a whole snapshot. */
export class DamagedSnapshot extends Error {
  override readonly name = 'DamagedSnapshot'
  readonly position: number

  constructor(position: number, message: string) {
    super(message)
    this.position = position
  }
}

/**
 * The records of a whole snapshot. Offset and epoch of a batch stand outside its checksum: its records are counted from 0, and its epoch
 * is that of the name (Kafka: RecordsSnapshotWriter). Throws DamagedSnapshot.
 */
export function readSnapshot(bytes: Buffer, { epoch }: Pick<SnapshotId, 'epoch'>): StateRecord[] {
  let nextOffset = 0
  const records: StateRecord[] = []
  let [hasHeader, hasFooter] = [false, false]
  for (let position = 0; position < bytes.length; ) {
    const sizeBytes = batchSizeAt(bytes, position)
    const isWhole = sizeBytes >= 0 && position + sizeBytes <= bytes.length
    const isSound = isWhole && magicAt(bytes, position) === currentMagic && hasValidCrc(bytes, position, sizeBytes)
    if (!isSound) throw new DamagedSnapshot(position, 'a batch is damaged')
    if (hasFooter) throw new DamagedSnapshot(position, 'a batch stands behind the end')
    const batch = bytes.subarray(position, position + sizeBytes)
    const header = readBatchHeader(batch)
    if (header.baseOffset !== nextOffset) throw new DamagedSnapshot(position, 'a batch is of another place')
    if (header.partitionLeaderEpoch !== epoch)
      throw new DamagedSnapshot(
        position,
        `a batch is of epoch ${header.partitionLeaderEpoch}, and its name says ${epoch}`
      )
    nextOffset = lastOffsetOf(header) + 1
    if (isControl(header.attributes)) {
      const types = readRaftControlRecords(batch).map(({ type }) => type)
      hasHeader ||= types.includes('snapshotHeader')
      hasFooter = types.includes('snapshotFooter')
    } else {
      records.push(...readRecords(batch))
    }
    if (!hasHeader) throw new DamagedSnapshot(position, 'it does not begin with the header')
    position += sizeBytes
  }
  if (!hasFooter) throw new DamagedSnapshot(bytes.length, 'its end is missing')
  return records
}
