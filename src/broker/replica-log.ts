/**
 * The log of a coordinator, kept in a replica: state records become batches, and the log is read back at the start, with the transactions
 * that others have written in it (offsets that are committed within one, KIP-98).
 */
import {
  NotSafeYet,
  type Replay,
  type ReplayEnd,
  type StateRecord,
  type TransactionalStateLog,
  type TransactionalWrite
} from '../coordination/coordinator.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import type { AppendResult, TransactionMarker, Within } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchHeader, isControl, isTransactional, readBatchHeader } from '../protocol/records/batch.ts'
import { type BatchContent, buildBatch } from '../protocol/records/builder.ts'
import { endTransactionMarker, readTransactionEnd } from '../protocol/records/control-records.ts'
import { isUnreadable, readRecords } from '../protocol/records/reader.ts'
import { type CommitPatience, CommitTimeout, NotLeading, type Replica } from './replication/replica.ts'

/** Records that stand for all of the log below an offset. */
export interface StateSnapshot {
  readonly endOffset: number
  /** Reads them. Throws DiskError. */
  records(): Iterable<StateRecord>
}

export const noSnapshot: StateSnapshot = { endOffset: 0, records: () => [] }

export class ReplicaStateLog implements TransactionalStateLog {
  readonly #replica: Replica
  readonly #snapshot: StateSnapshot
  readonly #patience: CommitPatience | null

  /** `patience`: how long other replicas are waited for, where there are others. */
  constructor(replica: Replica, snapshot = noSnapshot, patience: CommitPatience | null = null) {
    this.#replica = replica
    this.#snapshot = snapshot
    this.#patience = patience
  }

  get logEndOffset(): number {
    return this.#replica.log.logEndOffset
  }

  /** Refuses what could not be committed, as a produce with acks=all is refused. */
  append(records: readonly StateRecord[], nowMs: number): void {
    const result = this.#append(buildBatch(this.#batchOf(records, nowMs)))
    if (!result.ok) throw new DiskError('failed', this.#replica.name, result.message)
  }

  appendWithin(
    { producerId, producerEpoch, guard }: TransactionalWrite,
    records: readonly StateRecord[],
    nowMs: number
  ): ErrorCode {
    const batch = buildBatch({ ...this.#batchOf(records, nowMs), isTransactional: true, producerId, producerEpoch })
    return errorOf(this.#append(batch, { verified: { guard } }))
  }

  appendMarker(marker: TransactionMarker, nowMs: number): ErrorCode {
    const { transactionVersion } = marker
    return errorOf(this.#append(endTransactionMarker({ ...marker, timestampMs: nowMs }), { transactionVersion }))
  }

  #batchOf(records: readonly StateRecord[], nowMs: number): BatchContent {
    return {
      baseOffset: 0,
      partitionLeaderEpoch: this.#replica.leaderEpoch,
      records: records.map((record) => ({ timestamp: nowMs, key: record.key, value: record.value, headers: [] }))
    }
  }

  #append(batch: Buffer, within: Within = {}): AppendResult {
    const { name, hasEnoughInSyncReplicas } = this.#replica
    if (!hasEnoughInSyncReplicas) throw new DiskError('failed', name, `${name} has not enough replicas in sync.`)
    const result = this.#replica.append(batch, 'coordinator', 'now', within)
    if (result.ok && this.#replica.highWatermark < this.logEndOffset) this.#startSync()
    return result
  }

  async durable(offset: number): Promise<void> {
    try {
      await this.#replica.committed(offset, this.#patience)
    } catch (error) {
      if (error instanceof CommitTimeout) throw new NotSafeYet(error.message, { cause: error })
      if (!(error instanceof NotLeading)) throw error
      throw new DiskError('failed', this.#replica.name, error.message, error)
    }
  }

  /**
   * Throws DamageError for a batch that is whole and holds records of something else: the partition is then offline, as with
   * any other damage. Kafka fails the load as well (CoordinatorLoaderImpl).
   */
  *replaySteps(replay: Replay, replayEnd: ReplayEnd): Iterable<void> {
    const { log } = this.#replica
    for (const record of this.#snapshot.records()) replay(record, { offset: -1, producerId: null })
    const startOffset = Math.max(this.#snapshot.endOffset, log.logStartOffset)
    let offset = startOffset
    while (offset < log.logEndOffset) {
      const read = log.read(offset, {
        maxBytes: limits.coordinatorLoadBytes,
        upTo: log.logEndOffset,
        atLeastOneBatch: 'yes'
      })
      if ('error' in read || read.nextOffset <= offset) return
      for (const batch of read.chunks.flatMap(batchesIn)) this.#replayBatch(batch, startOffset, replay, replayEnd)
      offset = read.nextOffset
      if (offset < log.logEndOffset) yield
    }
  }

  #replayBatch({ header, batch }: StateBatch, startOffset: number, replay: Replay, replayEnd: ReplayEnd): void {
    const { attributes, producerId } = header
    if (isControl(attributes)) {
      const end = readTransactionEnd(batch)
      if (end !== null) replayEnd(producerId, end.outcome)
      return
    }
    const { log, topic } = this.#replica
    let at = header.baseOffset
    try {
      for (const { offset, key, value } of readRecords(batch)) {
        if (offset < startOffset) continue
        at = offset
        replay({ key, value }, { offset, producerId: isTransactional(attributes) ? producerId : null })
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error
      throw log.damagedAt(at, `The batch here holds no records of ${topic}: ${error.message}.`)
    }
  }

  /** Consumers of a state topic see its records once they are synced, whether or not anybody waits for an answer. */
  #startSync(): void {
    this.#replica.log.durable(this.logEndOffset).catch(() => {
      // The log remembers that a sync failed and refuses the next append; whoever waits for this one is told there.
    })
  }
}

function errorOf(result: AppendResult): ErrorCode {
  return result.ok ? ErrorCode.NONE : result.error
}

interface StateBatch {
  readonly header: BatchHeader
  readonly batch: Buffer
}

function batchesIn(chunk: Buffer): StateBatch[] {
  const batches: StateBatch[] = []
  for (let position = 0; position < chunk.length; ) {
    const header = readBatchHeader(chunk, position)
    batches.push({ header, batch: chunk.subarray(position, position + header.sizeBytes) })
    position += header.sizeBytes
  }
  return batches
}
