/**
 * Runs `trace`: finds the message, asks the cluster all that is known about it, and prints it.
 */

import { CliError } from '../cli-error.ts'
import type { Cluster, FetchedPartition } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { codecs, completeCodecs } from '../compression.ts'
import { withCluster } from '../connect.ts'
import { recordsOfBatches } from '../consume/batch-records.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { emptyMeans } from '../missing-value.ts'
import { describeTopics, ledPartitions } from '../partitions.ts'
import { copiesOf } from './copies.ts'
import { newestWithKey } from './find-key.ts'
import { type FoundRecord, fetchAt, recordAt } from './find-record.ts'
import { groupProgress } from './group-progress.ts'
import { explainPartition } from './partitioning.ts'
import { readPlan, type TracePlan } from './plan.ts'
import { printTrace } from './print.ts'
import { readableKey } from './readable.ts'
import type { BatchMark, LogMarks, Trace } from './trace.ts'

export async function runTrace(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation)
  return await withCluster(invocation.global, async (cluster) => {
    await completeCodecs(cluster.library)
    const place = plan.message.by === 'offset' ? plan.message : await placeOfKey(invocation, cluster, plan)
    if (place === undefined) return interruptedExitCode(invocation.interrupted)
    const found = await recordAt(cluster, plan.topic, place.partition, place.offset)
    await printTrace(invocation, await traceOf(cluster, found, place.offset, plan.data))
    return ExitCode.done
  })
}

interface Place {
  readonly partition: number
  readonly offset: bigint
}

/** Undefined: interrupted. */
async function placeOfKey(invocation: Invocation, cluster: Cluster, plan: TracePlan): Promise<Place | undefined> {
  if (plan.message.by !== 'key') return undefined
  const { terminal, interrupted } = invocation
  const { key } = plan.message
  if (key.length === 0) terminal.hint(emptyMeans('--key', 'key'))
  const partitions = ledPartitions(await describeTopics(cluster, [plan.topic]))
  const { found, searched } = await newestWithKey(cluster, partitions, key, {
    isolation: 'uncommitted',
    interrupted,
    onNotice: (text) => terminal.hint(text),
    onWindow: (partition, { start }) => terminal.status(`looking back in partition ${partition}, from ${start} …`)
  })
  terminal.status('')
  if (found !== undefined || interrupted.aborted) return found
  throw new CliError({
    what: `${plan.topic} has no message with the key ${readableKey(key)}`,
    why: `${partitions.length === 1 ? 'its partition was' : `its ${partitions.length} partitions were`} read whole, ${counted(searched, 'offset')}`,
    next: `odradek consume ${plan.topic} --with-key --tail 5   (the keys of the last ones)`,
    exitCode: ExitCode.notFound
  })
}

async function traceOf(cluster: Cluster, found: FoundRecord, offset: bigint, data: string | undefined): Promise<Trace> {
  const { batch, record, partition: led, fetched } = found
  const { topic, topicId, partition } = led
  const [described] = await describeTopics(cluster, [topic])
  if (described === undefined) throw new CliError({ what: `${topic} is gone`, exitCode: ExitCode.notFound })
  const sought = { topic, topicId, partition, firstOffset: batch.firstOffset, crc: batch.crc >>> 0 }
  const [transaction, copies, groups] = await Promise.all([
    transactionState(cluster, found, offset),
    copiesOf(cluster, described, sought, data),
    groupProgress(cluster, led, offset)
  ])
  const isLogAppendTime = (batch.attributes & logAppendTime) !== 0
  return {
    topic,
    topicId,
    partition,
    offset,
    timestampMs: Number(isLogAppendTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta),
    timestampType: isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    key: record.key,
    value: record.value,
    headerCount: record.headers.length,
    producer: producerOf(found),
    batch: { ...batchOf(found), transaction },
    partitioning: explainPartition(record.key, partition, described.partitions.length),
    log: logMarks(fetched, offset, transaction),
    copies,
    groups
  }
}

const compressionMask = 0x07
const logAppendTime = 0x08
const transactional = 0x10
/** Sequence numbers go from 0 to 2^31 - 1 and begin again. */
const sequences = 2 ** 31

function producerOf({ batch, record }: FoundRecord): Trace['producer'] {
  if (batch.producerId < 0n) return null
  const sequence = (batch.firstSequence + record.offsetDelta) % sequences
  return { id: batch.producerId, epoch: batch.producerEpoch, sequence }
}

function batchOf({ batch, index }: FoundRecord): Omit<BatchMark, 'transaction'> {
  return {
    firstOffset: batch.firstOffset,
    lastOffset: batch.firstOffset + BigInt(batch.lastOffsetDelta),
    records: batch.records.length,
    index,
    sizeBytes: batch.length + bytesBeforeLength,
    compression: codecs[batch.attributes & compressionMask] ?? 'unknown',
    crc: batch.crc >>> 0,
    leaderEpoch: batch.partitionLeaderEpoch
  }
}

/** The batch's offset and the length itself. */
const bytesBeforeLength = 12

/** Only what lies below the last stable offset is decided; then the broker tells readers of read_committed what to skip. */
async function transactionState(
  cluster: Cluster,
  { batch, partition: led, fetched }: FoundRecord,
  offset: bigint
): Promise<BatchMark['transaction']> {
  if ((batch.attributes & transactional) === 0) return null
  if (offset >= fetched.lastStableOffset) return 'open'
  const committed = await fetchAt(cluster, led.topic, led.partition, offset, 'committed')
  const { records } = recordsOfBatches(led.topic, committed.fetched, offset, 'committed')
  return records.some((record) => record.offset === offset) ? 'committed' : 'aborted'
}

function logMarks(fetched: FetchedPartition, offset: bigint, transaction: BatchMark['transaction']): LogMarks {
  const { logStartOffset: startOffset, highWatermark, lastStableOffset } = fetched
  const marks = { startOffset, highWatermark, lastStableOffset }
  if (offset >= highWatermark) return { ...marks, visibleTo: 'none' }
  const isForAll = offset < lastStableOffset && transaction !== 'aborted'
  return { ...marks, visibleTo: isForAll ? 'all' : 'read_uncommitted' }
}
