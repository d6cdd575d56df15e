/**
 * The records that a reader may see in the batches of a fetch: no control records, nothing before the fetch position (a
 * batch may begin earlier), and for read_committed nothing of an aborted transaction.
 *
 * An aborted transaction begins at the offset the broker lists for its producer and ends at that producer's abort marker,
 * as in Kafka's CompletedFetch.
 */
import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka'
import type { FetchedPartition } from '../cluster.ts'
import type { Isolation } from '../partitions.ts'
import type { ConsumedRecord } from '../record.ts'

const logAppendTime = 0x08
const transactional = 0x10
const control = 0x20
const abortMarker = 0

export interface ReadBatches {
  readonly records: ConsumedRecord[]
  /** Behind the last batch, control batches included. */
  readonly nextOffset: bigint
}

export function recordsOfBatches(
  topic: string,
  fetched: FetchedPartition,
  fromOffset: bigint,
  isolation: Isolation
): ReadBatches {
  const isAborted = isolation === 'committed' ? abortedBatches(fetched) : () => false
  const records: ConsumedRecord[] = []
  let nextOffset = fromOffset
  for (const batch of fetched.records ?? []) {
    const skipped = isAborted(batch)
    const batchEnd = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
    if (batchEnd > nextOffset) nextOffset = batchEnd
    if (skipped || (batch.attributes & control) !== 0) continue
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta)
      if (offset >= fromOffset) records.push(consumedRecord(topic, fetched, batch, record, offset))
    }
  }
  return { records, nextOffset }
}

function consumedRecord(
  topic: string,
  fetched: FetchedPartition,
  batch: RecordsBatch,
  record: KafkaRecord,
  offset: bigint
): ConsumedRecord {
  const appended = (batch.attributes & logAppendTime) !== 0
  return {
    topic,
    partition: fetched.partitionIndex,
    offset,
    timestampMs: Number(appended ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta),
    timestampType: appended ? 'LogAppendTime' : 'CreateTime',
    key: record.key,
    value: record.value,
    headers: record.headers.map(([name, value]) => [name ?? Buffer.alloc(0), value] as const),
    attributes: batch.attributes,
    leaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    logStartOffset: fetched.logStartOffset,
    lastStableOffset: fetched.lastStableOffset,
    highWatermark: fetched.highWatermark
  }
}

/** Asked batch by batch in offset order; remembers which producers are inside an aborted transaction. */
function abortedBatches(fetched: FetchedPartition): (batch: RecordsBatch) => boolean {
  const upcoming = [...(fetched.abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const aborting = new Set<bigint>()
  return (batch) => {
    const batchEnd = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    for (let next = upcoming[0]; next && next.firstOffset <= batchEnd; next = upcoming[0]) {
      aborting.add(next.producerId)
      upcoming.shift()
    }
    if ((batch.attributes & control) === 0)
      return (batch.attributes & transactional) !== 0 && aborting.has(batch.producerId)
    const key = batch.records[0]?.key
    if (key && key.length >= 4 && key.readInt16BE(2) === abortMarker) aborting.delete(batch.producerId)
    return true
  }
}
