/** What the tests of the log share: a log with small segments, batches, and reading everything back as a consumer would. */
import assert from 'node:assert/strict'
import type { Disk } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import type { Gaps } from '../../src/log/continuity.ts'
import { PartitionLog } from '../../src/log/partition-log.ts'
import { SyncTurns } from '../../src/log/sync-turns.ts'
import type { Durability, LogConfig } from '../../src/log/types.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { endTransactionMarker } from '../../src/protocol/records/control-records.ts'
import { type LogRecord, readRecords } from '../../src/protocol/records/reader.ts'

export const directory = 'orders-0'
export const startMs = 1_700_000_000_000

export const config: LogConfig = {
  segmentBytes: 2000,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: 2 ** 63,
  retentionBytes: -1,
  retentionMs: 604_800_000,
  maxMessageBytes: 1_048_588,
  indexIntervalBytes: 200,
  segmentIndexBytes: 10_485_760,
  fileDeleteDelayMs: 60_000,
  cleanupDelete: true,
  cleanupCompact: false,
  deleteRetentionMs: 86_400_000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  compressionType: 'producer',
  compressionLevel: null,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000
}

export interface Opening {
  readonly disk?: Disk
  readonly clock?: ManualClock
  readonly config?: Partial<LogConfig>
  readonly durability?: Durability
  readonly shutdown?: 'clean' | 'unclean'
  readonly recoveryPoint?: number
  readonly logStartOffset?: number
  readonly directory?: string
  readonly leaderEpoch?: number
  readonly checkpointBytes?: number
  readonly history?: 'new' | 'known'
  readonly gaps?: Gaps
  readonly copies?: 'one' | 'several'
  readonly report?: (line: string) => void
}

export function open(opening: Opening = {}): PartitionLog {
  return PartitionLog.open({
    disk: opening.disk ?? new MemoryDisk(),
    directory: opening.directory ?? directory,
    topicId: 'b3JkZXJzLXRvcGljLWlkMQ',
    leaderEpoch: opening.leaderEpoch ?? 0,
    config: { ...config, ...opening.config },
    clock: opening.clock ?? new ManualClock(),
    durability: opening.durability ?? 'disk',
    syncTurns: new SyncTurns(),
    history: opening.history ?? 'known',
    gaps: opening.gaps ?? 'none',
    copies: opening.copies ?? 'one',
    report: opening.report ?? (() => {}),
    recoveryPoint: opening.recoveryPoint ?? null,
    logStartOffset: opening.logStartOffset ?? null,
    shutdown: opening.shutdown ?? 'unclean',
    checkpointBytes: opening.checkpointBytes ?? 600
  })
}

export function batchOf(
  values: readonly string[],
  more: Partial<Parameters<typeof buildBatch>[0]> = {},
  firstMs = startMs
): Buffer {
  const records = values.map((value, index) => ({
    timestamp: firstMs + index,
    key: Buffer.from(`k${index}`),
    value: Buffer.from(value),
    headers: []
  }))
  return buildBatch({ records, ...more })
}

export function append(log: PartitionLog, batch: Buffer): ReturnType<PartitionLog['append']> {
  return log.append(batch, { leaderEpoch: 0, origin: 'client' })
}

export function endTransaction(
  log: PartitionLog,
  producer: { readonly producerId: number; readonly producerEpoch: number },
  outcome: 'commit' | 'abort'
): void {
  const marker = endTransactionMarker({ ...producer, coordinatorEpoch: 3, outcome, timestampMs: startMs })
  assert.ok(log.append(marker, { leaderEpoch: 0, origin: 'coordinator' }).ok)
}

/** Every record from an offset on, as a consumer would read it piece by piece; control records too. */
export function recordsFrom(log: PartitionLog, offset = log.logStartOffset, maxBytes = 300): LogRecord[] {
  const records: LogRecord[] = []
  for (let next = offset; next < log.logEndOffset; ) {
    const read = log.read(next, { maxBytes, upTo: log.logEndOffset, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    assert.ok(read.nextOffset > next, 'a read makes progress')
    for (const chunk of read.chunks) {
      for (let position = 0; position < chunk.length; position += readBatchHeader(chunk, position).sizeBytes) {
        for (const record of readRecords(chunk.subarray(position))) if (record.offset >= next) records.push(record)
      }
    }
    next = read.nextOffset
  }
  return records
}
