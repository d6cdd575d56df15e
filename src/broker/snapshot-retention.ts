/**
 * Old snapshots of the metadata go, and the records before the ones that stay (Kafka: KafkaRaftLog.maybeClean, deleteBeforeSnapshot). The
 * newest always stays, and the log reaches back to the oldest that does: if one turns out to be damaged, the one before it and
 * the log say the same.
 */
import type { MetadataLogConfig } from '../coordination/metadata/metadata-log-config.ts'
import { type SnapshotId, snapshotsAmong } from '../coordination/metadata/snapshot.ts'
import type { Disk } from '../host/disk.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { batchSizeAt } from '../protocol/records/batch.ts'
import { readRaftControlRecords } from '../protocol/records/raft-control-records.ts'
import { metadataDirectory } from './metadata-directory.ts'

export interface SnapshotFacts {
  readonly sizeBytes: number
  /** Of the last record in it; null where it does not say. */
  readonly lastTimestampMs: number | null
}

type Retention = Pick<MetadataLogConfig, 'retentionBytes' | 'retentionMs'>

/** Whether the oldest of these snapshots goes, which is not the only one. */
export function oldestMayGo(
  snapshots: readonly SnapshotFacts[],
  logSizeBytes: number,
  { retentionBytes, retentionMs }: Retention,
  nowMs: number
): boolean {
  const [oldest] = snapshots
  if (oldest === undefined || snapshots.length < 2) return false
  const sizeBytes = snapshots.reduce((sum, snapshot) => sum + snapshot.sizeBytes, logSizeBytes)
  if (retentionBytes >= 0 && sizeBytes > retentionBytes) return true
  return retentionMs >= 0 && oldest.lastTimestampMs !== null && nowMs - oldest.lastTimestampMs > retentionMs
}

/**
 * Drops what need not be kept. The files of snapshots go once it is safe that the log begins behind them: a log that began before all
 * snapshots, and not at 0, could not be read. Rejects with DiskError; what is left is dropped the next time.
 */
export async function dropOldSnapshots(
  disk: Disk,
  log: PartitionLog,
  retention: Retention,
  nowMs: number
): Promise<void> {
  const snapshots = snapshotsAmong(disk.list(metadataDirectory))
  const facts = snapshots.map((snapshot) => factsOf(disk, snapshot))
  let first = 0
  while (oldestMayGo(facts.slice(first), log.sizeBytes, retention, nowMs)) {
    first += 1
    await log.deleteRecordsBefore(snapshots[first]?.endOffset ?? 0)
  }
  const gone = new Set(snapshots.slice(0, first).map(({ name }) => name))
  for (const name of disk.list(metadataDirectory)) {
    if (gone.has(name) || isLeftover(name)) disk.remove(`${metadataDirectory}/${name}`)
  }
}

/** What a process was killed in the midst of, this one or a Kafka. Nothing is being written now. */
function isLeftover(name: string): boolean {
  return /^\d{20}-\d{10}\.checkpoint\.(part|deleted)$/.test(name)
}

function factsOf(disk: Disk, { name }: SnapshotId): SnapshotFacts {
  const path = `${metadataDirectory}/${name}`
  return { sizeBytes: disk.sizeOf(path) ?? 0, lastTimestampMs: lastTimestampOf(disk, path) }
}

/** The header, which comes first, is far shorter than this. */
const headerBytesMax = 4096

function lastTimestampOf(disk: Disk, path: string): number | null {
  const file = disk.open(path, 'existing', 'within this turn')
  try {
    const bytes = file.read(0, headerBytesMax)
    const sizeBytes = batchSizeAt(bytes, 0)
    if (sizeBytes < 0 || sizeBytes > bytes.length) return null
    const [first] = readRaftControlRecords(bytes.subarray(0, sizeBytes))
    return first?.type === 'snapshotHeader' ? first.value.lastContainedLogTimestamp : null
  } finally {
    file.close()
  }
}
