/**
 * Producer state on disk: `<offset>.snapshot` holds what is known of the producers before that offset, so that a start need
 * not read the whole log (Kafka: ProducerStateManager). version int16, CRC-32C of what follows it, entries; each with its
 * last batch only.
 */
import type { Disk } from '../host/disk.ts'
import { ProducerSnapshot } from '../protocol/generated/storage/producer-snapshot.ts'
import { ProtocolError, Reader, Writer } from '../protocol/primitives.ts'
import { crc32c } from '../protocol/records/crc32c.ts'
import { fileName, fileSuffix, offsetOfFile } from './file-names.ts'
import type { ProducerEntry } from './producer-state.ts'

const version = 1
const crcPosition = 2
const contentPosition = 6

/** The bytes of a snapshot. */
export function encodeProducerSnapshot(producers: Iterable<ProducerEntry>): Buffer {
  const producerEntries = Array.from(producers, (entry) => {
    const last = entry.batches.at(-1)
    return {
      producerId: entry.producerId,
      epoch: entry.producerEpoch,
      lastSequence: last?.lastSequence ?? -1,
      lastOffset: last?.lastOffset ?? -1,
      offsetDelta: last === undefined ? 0 : last.lastOffset - last.firstOffset,
      timestamp: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnFirstOffset: entry.transactionStartOffset
    }
  })
  const writer = new Writer(64)
  writer.writeInt16(version)
  ProducerSnapshot.encode(writer, { crc: 0, producerEntries }, version)
  const bytes = writer.toBuffer()
  bytes.writeUInt32BE(crc32c(bytes, contentPosition), crcPosition)
  return bytes
}

export function producerSnapshotPath(directory: string, offset: number): string {
  return `${directory}/${fileName(offset, fileSuffix.producerSnapshot)}`
}

/** The producers of a snapshot; null when the file is damaged: older snapshots and the log itself say the same. */
export function readProducerSnapshot(
  disk: Pick<Disk, 'readFile'>,
  directory: string,
  offset: number
): ProducerEntry[] | null {
  const bytes = disk.readFile(producerSnapshotPath(directory, offset))
  if (bytes.length < contentPosition || bytes.readInt16BE(0) !== version) return null
  if (bytes.readUInt32BE(crcPosition) !== crc32c(bytes, contentPosition)) return null
  return (
    readEntries(bytes)?.map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      coordinatorEpoch: entry.coordinatorEpoch,
      lastTimestampMs: entry.timestamp,
      transactionStartOffset: entry.currentTxnFirstOffset,
      batches: entry.lastOffset < 0 ? [] : [lastBatchOf(entry)]
    })) ?? null
  )
}

/** A checksum can be right of bytes that are no snapshot: what was meant for another file, or written by a program with a fault. */
function readEntries(bytes: Buffer): ProducerSnapshot['producerEntries'] | null {
  try {
    return ProducerSnapshot.decode(new Reader(bytes, crcPosition), version).producerEntries
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

/** The offsets of the snapshots in a directory, growing. */
export function listProducerSnapshots(disk: Disk, directory: string): number[] {
  return producerSnapshotsAmong(disk.list(directory))
}

/** The same, of names that were listed already. */
export function producerSnapshotsAmong(names: readonly string[]): number[] {
  const offsets: number[] = []
  for (const name of names) {
    const offset = offsetOfFile(name, fileSuffix.producerSnapshot)
    if (offset !== null) offsets.push(offset)
  }
  return offsets
}

export function removeProducerSnapshot(disk: Disk, directory: string, offset: number): void {
  disk.remove(producerSnapshotPath(directory, offset))
}

function lastBatchOf(entry: { lastSequence: number; lastOffset: number; offsetDelta: number; timestamp: number }) {
  const first = entry.lastSequence - entry.offsetDelta
  return {
    firstSequence: first < 0 ? first + 0x80000000 : first,
    lastSequence: entry.lastSequence,
    firstOffset: entry.lastOffset - entry.offsetDelta,
    lastOffset: entry.lastOffset,
    timestampMs: entry.timestamp
  }
}
