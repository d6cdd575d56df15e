/**
 * DeleteRecords (21): moves the log start offset of partitions forward.
 *
 * v1 throttles after the answer · v2 flexible
 * Offset -1 means the high watermark. The new start is on disk before the answer leaves. Topics that are only compacted
 * refuse it, as in Kafka (POLICY_VIOLATION), and so do the broker's own topics.
 * More than a hundred partitions are trimmed in slices.
 * What was acknowledged before the request lies below the high watermark: that is waited for. So are the replicas of brokers that live,
 * within the time of the request (DelayedDeleteRecords): the answer tells from where on no broker has records (the low watermark).
 */
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteRecordsRequest } from '../../protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../protocol/generated/api/delete-records-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'
import { isAlive } from '../described-brokers.ts'
import type { Replica } from '../replication/replica.ts'

type PartitionAnswer = DeleteRecordsResponse['topics'][number]['partitions'][number]

const toTheHighWatermark = -1

export const deleteRecords = api(ApiKey.DeleteRecords, {
  versions: [0, 2],
  request: DeleteRecordsRequest,
  response: DeleteRecordsResponse,
  authorization: { every: ['delete topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed(request, { errorCode }) {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1, errorCode }))
    }))
    return { throttleTimeMs: 0, topics }
  },

  async handle(request, { broker }) {
    // What could not be made durable stays: the high watermark is below it.
    const count = request.topics.reduce((sum, { partitions }) => sum + partitions.length, 0)
    await Promise.all(await broker.walks.allOf(count, readableSteps(request, broker)))
    const trimming = await broker.walks.allOf(count, trimSteps(request, broker))
    const topics = await Promise.all(
      trimming.map(async ({ name, partitions }) => ({ name, partitions: await Promise.all(partitions) }))
    )
    try {
      await broker.saveLogStartOffsets()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // The records are gone for now, and a crash may bring them back: that is not what was asked for.
      return { throttleTimeMs: 0, topics: topics.map(notSaved) }
    }
    return { throttleTimeMs: 0, topics }
  }
})

interface Trimming {
  readonly name: string
  readonly partitions: readonly Promise<PartitionAnswer>[]
}

const whatever = (): void => {}

/** What is still to be made durable, a partition at each step. */
function* readableSteps(request: Decoded<DeleteRecordsRequest>, broker: Broker): Generator<void, Promise<void>[]> {
  const becoming: Promise<void>[] = []
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const readable = broker.replica(name, partitionIndex)?.readable() ?? null
      if (readable !== null) becoming.push(readable.then(whatever, whatever))
      yield
    }
  }
  return becoming
}

/** Begins to trim a partition at each step. */
function* trimSteps({ topics, timeoutMs }: Decoded<DeleteRecordsRequest>, broker: Broker): Generator<void, Trimming[]> {
  const trimming: Trimming[] = []
  for (const { name, partitions: asked } of topics) {
    const partitions: Promise<PartitionAnswer>[] = []
    for (const partition of asked) {
      const answer = trimmed(broker, name, partition, timeoutMs)
      // It is waited for when all have begun.
      answer.catch(whatever)
      partitions.push(answer)
      yield
    }
    trimming.push({ name, partitions })
  }
  return trimming
}

async function trimmed(
  broker: Broker,
  topic: string,
  { partitionIndex, offset }: { readonly partitionIndex: number; readonly offset: number },
  timeoutMs: number
): Promise<PartitionAnswer> {
  const trimmed = await trim(broker, topic, partitionIndex, offset)
  if ('error' in trimmed) return { partitionIndex, lowWatermark: -1, errorCode: trimmed.error }
  const { replica, start } = trimmed
  const errorCode = await followersTrimmed(broker, replica, start, timeoutMs)
  const lowWatermark = errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER ? -1 : lowWatermarkOf(broker, replica)
  return { partitionIndex, lowWatermark, errorCode }
}

function lowWatermarkOf(broker: Broker, { leadership, log }: Replica): number {
  return leadership?.lowWatermark(log.logStartOffset, (nodeId) => isAlive(broker, nodeId)) ?? log.logStartOffset
}

/** Waits until no replica of a broker that lives has records before the offset. */
function followersTrimmed(broker: Broker, replica: Replica, start: number, timeoutMs: number): Promise<ErrorCode> {
  const isReached = (): boolean => lowWatermarkOf(broker, replica) >= start
  if (isReached()) return Promise.resolve(ErrorCode.NONE)
  return new Promise((resolve) => {
    const settle = (errorCode: ErrorCode): void => {
      timer.cancel()
      forget()
      resolve(errorCode)
    }
    const timer = broker.host.clock.after(Math.max(0, timeoutMs), () => settle(ErrorCode.REQUEST_TIMED_OUT))
    const forget = replica.watchFollowers(() => {
      if (replica.leadership === null) settle(ErrorCode.NOT_LEADER_OR_FOLLOWER)
      else if (isReached()) settle(ErrorCode.NONE)
    })
  })
}

/** Where the log of the leader begins now, or Kafka's error. */
async function trim(
  broker: Broker,
  topic: string,
  partition: number,
  offset: number
): Promise<{ readonly replica: Replica; readonly start: number } | { readonly error: ErrorCode }> {
  const led = broker.led(topic, partition)
  if (broker.image.topicByName(topic)?.isInternal) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION }
  if ('error' in led) return { error: led.error }
  const { replica } = led
  if (!replica.log.config.cleanupDelete && replica.log.config.cleanupCompact)
    return { error: ErrorCode.POLICY_VIOLATION }
  const start = offset === toTheHighWatermark ? replica.highWatermark : offset
  if (start < 0 || start > replica.highWatermark) return { error: ErrorCode.OFFSET_OUT_OF_RANGE }
  try {
    await broker.deleteRecordsBefore(replica, start)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return { error: ErrorCode.KAFKA_STORAGE_ERROR }
  }
  return { replica, start }
}

function notSaved<Topic extends { readonly partitions: readonly PartitionAnswer[] }>(topic: Topic): Topic {
  const partitions = topic.partitions.map((partition) =>
    partition.errorCode === ErrorCode.NONE
      ? { ...partition, lowWatermark: -1, errorCode: ErrorCode.KAFKA_STORAGE_ERROR }
      : partition
  )
  return { ...topic, partitions }
}
