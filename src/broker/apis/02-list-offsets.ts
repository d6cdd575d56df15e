/**
 * ListOffsets (2): where a partition begins and ends, and which offset belongs to a time.
 *
 * v1 one offset each · v2 isolation level · v4 leader epochs · v5 OFFSET_NOT_AVAILABLE (KIP-207) · v6 flexible · v7 max timestamp (-3) · v8 earliest local (-4) ·
 * v9 latest tiered (-5) · v10 time-out for tiered look-ups · v11 earliest waiting for upload (-6)
 * Kafka: ReplicaManager.fetchOffset, Partition.fetchOffsetForTimestamp. There is no tiered storage here, so that the local
 * log is the whole log, and the tiered offsets are unknown (-1), as on a Kafka without it.
 * What was acknowledged before the request is told: the answer waits until it can be read. More than a hundred partitions are looked up in
 * slices: looking for a time reads the disk.
 */
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListOffsetsRequest } from '../../protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../protocol/generated/api/list-offsets-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type Failure, type RequestContext, unexpected } from '../api.ts'
import { isIsolationLevel } from '../read-partition.ts'
import type { Replica } from '../replication/replica.ts'

type Request = Decoded<ListOffsetsRequest>
type RequestPartition = Request['topics'][number]['partitions'][number]
type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number]

/** The times that mean a place rather than a time, with the version that brought each. */
const latest = -1
const earliest = -2
const maxTimestamp = -3
const earliestLocal = -4
const latestTiered = -5
const earliestPendingUpload = -6
const versionOfSpecialTime = new Map([
  [latest, 1],
  [earliest, 1],
  [maxTimestamp, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11]
])

const consumerReplicaId = -1
const firstVersionWithNotAvailable = 5

/** Their answers do not depend on where the log ends. */
const timesWithoutEnd: ReadonlySet<number> = new Set([earliest, earliestLocal, latestTiered, earliestPendingUpload])

export const listOffsets = api(ApiKey.ListOffsets, {
  versions: [1, 11],
  request: ListOffsetsRequest,
  response: ListOffsetsResponse,
  authorization: { every: ['describe topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: failedAsAWhole,

  handle(request, context) {
    if (request.replicaId === consumerReplicaId && !isIsolationLevel(request.isolationLevel))
      return failedAsAWhole(request, unexpected)
    const awaited = becomingReadable(request, context)
    if (awaited.length === 0) return answerTo(request, context)
    // What could not be made durable is not told: nobody can read it.
    return Promise.allSettled(awaited).then(() => answerTo(request, context))
  }
})

function answerTo(request: Request, context: RequestContext): ListOffsetsResponse | Promise<ListOffsetsResponse> {
  const count = request.topics.reduce((sum, { partitions }) => sum + partitions.length, 0)
  return context.broker.walks.allOf(count, answerSteps(request, context))
}

function failedAsAWhole({ topics }: Request, { errorCode }: Failure): ListOffsetsResponse {
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => failed(partition, errorCode))
  }))
  return { topics: answers }
}

/** What is still to be made durable of the partitions whose end a consumer asks about. */
function becomingReadable(request: Request, { broker }: RequestContext): Promise<void>[] {
  if (request.replicaId !== consumerReplicaId) return []
  return request.topics.flatMap((topic) =>
    topic.partitions.flatMap(({ partitionIndex, timestamp }) => {
      const replica = timesWithoutEnd.has(timestamp) ? undefined : broker.replica(topic.name, partitionIndex)
      return replica?.readable() ?? []
    })
  )
}

/** A partition at each step. */
function* answerSteps(request: Request, context: RequestContext): Generator<void, ListOffsetsResponse> {
  const topics: ListOffsetsResponse['topics'][number][] = []
  for (const { name, partitions: asked } of request.topics) {
    const seen = new Set<number>()
    const repeated = new Set<number>()
    for (const { partitionIndex } of asked) (seen.has(partitionIndex) ? repeated : seen).add(partitionIndex)
    const partitions: PartitionAnswer[] = []
    for (const partition of asked) {
      const isRepeated = repeated.has(partition.partitionIndex)
      partitions.push(
        isRepeated ? failed(partition, ErrorCode.INVALID_REQUEST) : lookUp(request, name, partition, context)
      )
      yield
    }
    topics.push({ name, partitions })
  }
  return { topics }
}

function lookUp(
  request: Request,
  topic: string,
  partition: RequestPartition,
  context: RequestContext
): PartitionAnswer {
  const led = context.broker.ledIn(partition.currentLeaderEpoch, topic, partition.partitionIndex)
  if ('error' in led) return failed(partition, led.error)
  const { replica } = led
  if (partition.timestamp < 0 && context.apiVersion < (versionOfSpecialTime.get(partition.timestamp) ?? Infinity)) {
    return failed(partition, ErrorCode.UNSUPPORTED_VERSION)
  }
  try {
    const answer = offsetAt(replica, partition, readableEnd(replica, request))
    return isAnswerEarly(replica, partition, answer, request) ? failed(partition, notYet(context)) : answer
  } catch (error) {
    if (error instanceof DiskError) return failed(partition, ErrorCode.KAFKA_STORAGE_ERROR)
    throw error
  }
}

/**
 * A new leader may not know how far its predecessor had committed. Until it has committed as much as its epoch began with, the end that
 * it knows may be one that a consumer has passed already (KIP-207).
 */
function isAnswerEarly(
  { leadership, highWatermark }: Replica,
  { timestamp }: RequestPartition,
  { offset = -1 }: PartitionAnswer,
  { replicaId }: Request
): boolean {
  if (replicaId !== consumerReplicaId || leadership === null || leadership.startOffset <= highWatermark) return false
  if (timestamp === latest) return true
  return timestamp !== earliest && timestamp !== earliestLocal && offset === -1
}

/** Clients before version 5 know the other error only. */
function notYet({ apiVersion }: RequestContext): ErrorCode {
  const { OFFSET_NOT_AVAILABLE, LEADER_NOT_AVAILABLE } = ErrorCode
  return apiVersion >= firstVersionWithNotAvailable ? OFFSET_NOT_AVAILABLE : LEADER_NOT_AVAILABLE
}

/** Consumers (replica id -1) see up to the high watermark, or the last stable offset; replicas and debuggers everything. */
function readableEnd(replica: Replica, request: Request): number {
  if (request.replicaId !== consumerReplicaId) return replica.log.logEndOffset
  return request.isolationLevel === 1 ? replica.lastStableOffset : replica.highWatermark
}

function offsetAt(replica: Replica, partition: RequestPartition, readableEndOffset: number): PartitionAnswer {
  const { log } = replica
  switch (partition.timestamp) {
    case latest:
      return found(partition, readableEndOffset, -1, replica.leaderEpoch)
    case earliest:
    case earliestLocal:
      return found(partition, log.logStartOffset, -1, log.epochOf(log.logStartOffset))
    case latestTiered:
    case earliestPendingUpload:
      return found(partition, -1, -1, -1)
    default: {
      const hit =
        partition.timestamp === maxTimestamp ? log.maxTimestamp() : log.offsetForTimestamp(partition.timestamp)
      if (hit === null || hit.offset >= readableEndOffset) return found(partition, -1, -1, -1)
      return found(partition, hit.offset, hit.timestampMs, hit.leaderEpoch)
    }
  }
}

function found(partition: RequestPartition, offset: number, timestamp: number, leaderEpoch: number): PartitionAnswer {
  return { partitionIndex: partition.partitionIndex, errorCode: ErrorCode.NONE, timestamp, offset, leaderEpoch }
}

function failed(partition: RequestPartition, errorCode: ErrorCode): PartitionAnswer {
  return { partitionIndex: partition.partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 }
}
