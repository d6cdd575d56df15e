/**
 * What Raft said in the metadata log of its own version and of its voters (KIP-853). Only a real Kafka writes it, and goes on from it:
 * a snapshot has to say it again, as it stands for the log before it (Kafka: RecordsSnapshotWriter).
 */
import { newestSnapshot } from '../coordination/metadata/snapshot.ts'
import type { Disk } from '../host/disk.ts'
import { limits } from '../limits.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { batchSizeAt, isControl, readBatchHeader } from '../protocol/records/batch.ts'
import { type RaftControlRecord, readRaftControlRecords } from '../protocol/records/raft-control-records.ts'
import { metadataDirectory } from './metadata-directory.ts'

/** The newest of each kind below the log's end. `pause` comes between pieces. Rejects with DiskError. */
export async function readQuorumRecords(
  disk: Disk,
  log: PartitionLog,
  pause: () => Promise<void>
): Promise<readonly RaftControlRecord[]> {
  const newest = new Map<RaftControlRecord['type'], RaftControlRecord>()
  const snapshot = newestSnapshot(disk.list(metadataDirectory))
  if (snapshot !== null) takeFrom(disk.readFile(`${metadataDirectory}/${snapshot.name}`), newest)
  const { logEndOffset } = log
  let offset = Math.max(snapshot?.endOffset ?? 0, log.logStartOffset)
  while (offset < logEndOffset) {
    const read = log.read(offset, { maxBytes: limits.coordinatorLoadBytes, upTo: logEndOffset, atLeastOneBatch: 'yes' })
    if ('error' in read || read.nextOffset <= offset) break
    for (const chunk of read.chunks) takeFrom(chunk, newest)
    offset = read.nextOffset
    await pause()
  }
  return [...newest.values()]
}

function takeFrom(bytes: Buffer, newest: Map<RaftControlRecord['type'], RaftControlRecord>): void {
  for (let position = 0; position < bytes.length; position += batchSizeAt(bytes, position)) {
    if (!isControl(readBatchHeader(bytes, position).attributes)) continue
    const batch = bytes.subarray(position, position + batchSizeAt(bytes, position))
    for (const record of readRaftControlRecords(batch)) {
      if (record.type === 'kraftVersion' || record.type === 'kraftVoters') newest.set(record.type, record)
    }
  }
}
