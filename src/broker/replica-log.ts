/** The log of a coordinator, kept in a replica: state records become batches, and the log is read back at the start. */
import { NotSafeYet, type StateLog, type StateRecord } from '../coordination/coordinator.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { type BatchHeader, isControl, isTransactional, readBatchHeader } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/builder.ts'
import { readTransactionEnd } from '../protocol/records/control-records.ts'
import { isUnreadable, type LogRecord, readRecords } from '../protocol/records/reader.ts'
import { type CommitPatience, CommitTimeout, NotLeading, type Replica } from './replication/replica.ts'

/** Records that stand for all of the log below an offset. */
export interface StateSnapshot {
  readonly endOffset: number
  /** Reads them. Throws DiskError. */
  records(): Iterable<StateRecord>
}

export const noSnapshot: StateSnapshot = { endOffset: 0, records: () => [] }

export class ReplicaStateLog implements StateLog {
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
    const { name, hasEnoughInSyncReplicas } = this.#replica
    if (!hasEnoughInSyncReplicas) throw new DiskError('failed', name, `${name} has not enough replicas in sync.`)
    const batch = buildBatch({
      baseOffset: 0,
      partitionLeaderEpoch: this.#replica.leaderEpoch,
      records: records.map((record) => ({ timestamp: nowMs, key: record.key, value: record.value, headers: [] }))
    })
    const result = this.#replica.append(batch, 'coordinator')
    if (!result.ok) {
      throw new DiskError('failed', name, result.message)
    }
    if (this.#replica.highWatermark < this.logEndOffset) this.#startSync()
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
  *replaySteps(replay: (record: StateRecord) => void): Iterable<void> {
    const { log } = this.#replica
    for (const record of this.#snapshot.records()) replay(record)
    const startOffset = Math.max(this.#snapshot.endOffset, log.logStartOffset)
    const transactions = new TransactionalRecords()
    let offset = startOffset
    while (offset < log.logEndOffset) {
      const read = log.read(offset, {
        maxBytes: limits.coordinatorLoadBytes,
        upTo: log.logEndOffset,
        atLeastOneBatch: 'yes'
      })
      if ('error' in read || read.nextOffset <= offset) return
      for (const { header, batch } of read.chunks.flatMap(batchesIn)) {
        this.#replayEach(stateRecordsOf(header, batch, startOffset, transactions), header.baseOffset, replay)
      }
      offset = read.nextOffset
      if (offset < log.logEndOffset) yield
    }
    this.#replayEach(transactions.pending(), startOffset, replay)
  }

  /** Of one batch, or of some: each record says where it lies, and what is before the first lies at `firstOffset`. */
  #replayEach(
    records: Iterable<StateRecord & Pick<LogRecord, 'offset'>>,
    firstOffset: number,
    replay: (record: StateRecord) => void
  ): void {
    const { log, topic } = this.#replica
    let at = firstOffset
    try {
      for (const record of records) {
        at = record.offset
        replay(record)
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

/** The records that count now that this batch is read. */
function* stateRecordsOf(
  { attributes, producerId }: BatchHeader,
  batch: Buffer,
  startOffset: number,
  transactions: TransactionalRecords
): Iterable<LogRecord> {
  if (isControl(attributes)) {
    yield* transactions.end(producerId, batch)
  } else if (isTransactional(attributes)) {
    transactions.hold(producerId, batch)
  } else {
    for (const record of readRecords(batch)) {
      if (record.offset < startOffset) continue
      transactions.overtake(record)
      yield record
    }
  }
}

/**
 * Records of a transaction (offsets that were committed within one, KIP-98) count when it is committed, and not at all when it
 * is aborted. Of two records of a key the later one in the log counts, whenever the transaction of the other ends
 * (Kafka: OffsetMetadataManager.replay, replayEndTransactionMarker).
 */
class TransactionalRecords {
  /** By producer, then by key. */
  readonly #held = new Map<number, Map<string, HeldRecord>>()

  hold(producerId: number, batch: Buffer): void {
    const held = this.#held.get(producerId) ?? new Map<string, HeldRecord>()
    this.#held.set(producerId, held)
    // Copied, so that what is held does not keep all that was read with it.
    for (const record of readRecords(Buffer.from(batch))) held.set(nameOf(record), { record, isOvertaken: false })
  }

  /** The records that count now. */
  end(producerId: number, marker: Buffer): readonly LogRecord[] {
    const end = readTransactionEnd(marker)
    if (end === null) return []
    const held = this.#held.get(producerId)?.values() ?? []
    this.#held.delete(producerId)
    if (end.outcome === 'abort') return []
    const records = [...held].filter(({ isOvertaken }) => !isOvertaken).map(({ record }) => record)
    for (const record of records) this.overtake(record)
    return records
  }

  /** This record counts: those of its key that came before it never will. One that takes the key away ends their waiting, too. */
  overtake(record: LogRecord): void {
    for (const held of this.#held.values()) {
      const name = nameOf(record)
      const earlier = held.get(name)
      if (earlier === undefined || earlier.record.offset > record.offset) continue
      if (record.value === null) held.delete(name)
      else earlier.isOvertaken = true
    }
  }

  /** What lies in transactions that are still open. */
  *pending(): Iterable<StateRecord & Pick<LogRecord, 'offset'>> {
    for (const held of this.#held.values()) {
      for (const { record } of held.values()) yield { ...record, isPending: true }
    }
  }
}

interface HeldRecord {
  readonly record: LogRecord
  /** A later record of its key counts already. */
  isOvertaken: boolean
}

function nameOf({ key }: LogRecord): string {
  return key === null ? '' : key.toString('latin1')
}
