/** The log of a coordinator, kept in a replica: state records become batches, and the log is read back at the start. */
import type { StateLog, StateRecord } from '../coordination/coordinator.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { isControl, readBatchHeader } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/builder.ts'
import { readRecords } from '../protocol/records/reader.ts'
import type { Replica } from './replica.ts'

export class ReplicaStateLog implements StateLog {
  readonly #replica: Replica

  constructor(replica: Replica) {
    this.#replica = replica
  }

  get logEndOffset(): number {
    return this.#replica.log.logEndOffset
  }

  append(records: readonly StateRecord[], nowMs: number): void {
    const batch = buildBatch({
      baseOffset: 0,
      partitionLeaderEpoch: this.#replica.leaderEpoch,
      records: records.map((record) => ({ timestamp: nowMs, key: record.key, value: record.value, headers: [] }))
    })
    const result = this.#replica.append(batch, 'coordinator')
    if (!result.ok) {
      throw new DiskError('failed', `${this.#replica.topic}-${this.#replica.partition}`, result.message)
    }
    if (this.#replica.highWatermark < this.logEndOffset) this.#startSync()
  }

  durable(offset: number): Promise<void> {
    return this.#replica.log.durable(offset)
  }

  *readAll(): Iterable<StateRecord> {
    const log = this.#replica.log
    let offset = log.logStartOffset
    while (offset < log.logEndOffset) {
      const read = log.read(offset, {
        maxBytes: limits.coordinatorLoadBytes,
        upTo: log.logEndOffset,
        atLeastOneBatch: 'yes'
      })
      if ('error' in read || read.nextOffset <= offset) return
      for (const chunk of read.chunks) yield* stateRecordsOf(chunk)
      offset = read.nextOffset
    }
  }

  /** Consumers of a state topic see its records once they are synced, whether or not anybody waits for an answer. */
  #startSync(): void {
    this.durable(this.logEndOffset).catch(() => {
      // The log remembers that a sync failed and refuses the next append; whoever waits for this one is told there.
    })
  }
}

function* stateRecordsOf(chunk: Buffer): Iterable<StateRecord> {
  for (let position = 0; position < chunk.length; ) {
    const header = readBatchHeader(chunk, position)
    if (!isControl(header.attributes)) {
      for (const record of readRecords(chunk.subarray(position, position + header.sizeBytes))) yield record
    }
    position += header.sizeBytes
  }
}
