/** What a Fetch reads of each of its partitions: as a consumer, a debugger or a follower (Kafka: ReplicaManager.readFromLog). */
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { FetchRequest } from '../protocol/generated/api/fetch-request.ts'
import type { Decoded } from '../protocol/message.ts'
import type { RequestContext } from './api.ts'
import type { FetchLoan } from './fetch-memory.ts'
import type { FetchContext, FetchPartition } from './fetch-sessions.ts'
import { preferredReadReplica } from './preferred-replica.ts'
import type { FetchWatch, WaitingReader } from './purgatory.ts'
import {
  absentPartition,
  failedRead,
  leaderEpochError,
  type PartitionRead,
  readElsewhere,
  readPartition
} from './read-partition.ts'
import { readForFollower } from './replication/follower-reads.ts'

/** From here on a consumer may be told to read from a replica near it (KIP-392), so a follower answers it too. */
const firstVersionWithRack = 11
export const firstVersionWithTopicIds = 13
export const consumerReplicaId = -1
const debuggingReplicaId = -2

/** A fetch that is being answered. */
export interface Fetching {
  readonly request: Decoded<FetchRequest>
  readonly session: FetchContext
  readonly context: RequestContext
  /** Memory to read into. */
  readonly loan: FetchLoan
}

export function replicaIdOf({ replicaId, replicaState }: Fetching['request'], { apiVersion }: RequestContext): number {
  return apiVersion >= 15 ? replicaState.replicaId : replicaId
}

export function readerOf({ request, context }: Fetching): WaitingReader {
  if (replicaIdOf(request, context) >= 0) return 'follower'
  return request.isolationLevel === 1 ? 'consumer of what is stable' : 'consumer'
}

/** What a fetch has read so far. */
export interface Reads {
  readonly reads: ReadonlyMap<FetchPartition, PartitionRead>
  readonly sizeBytes: number
  /** True when the answer has no reason to wait. */
  readonly isDue: boolean
  /** Resolve when the records behind what was read can be read too. */
  readonly more: readonly Promise<void>[]
}

/** All of it at once. */
export function readAll(fetching: Fetching): Reads {
  const reading = new Reading(fetching)
  for (const partition of fetching.session.partitions) reading.add(partition)
  return reading.ended()
}

/** A partition at each step, of those that the session has now; from then on it is watched. */
export function* readSteps(fetching: Fetching, watch: FetchWatch | null): Generator<void, Reads> {
  const { session, context } = fetching
  const reading = new Reading(fetching)
  for (const partition of [...session.partitions]) {
    reading.add(partition)
    const replica = watch === null ? undefined : context.broker.replica(partition.topic, partition.partition)
    if (replica !== undefined) watch?.add(replica)
    yield
  }
  return reading.ended()
}

class Reading implements Reads {
  readonly reads = new Map<FetchPartition, PartitionRead>()
  readonly more: Promise<void>[] = []
  sizeBytes = 0
  isDue: boolean
  readonly #fetching: Fetching
  #remainingBytes: number

  constructor(fetching: Fetching) {
    const { maxBytes, maxWaitMs } = fetching.request
    this.#fetching = fetching
    this.#remainingBytes = Math.min(maxBytes, limits.fetchBytes)
    this.isDue = maxWaitMs <= 0
  }

  add(partition: FetchPartition): void {
    const isFirst = this.sizeBytes === 0 ? ('yes' as const) : ('no' as const)
    const read = readOne(partition, { remainingBytes: this.#remainingBytes, isFirst }, this.#fetching)
    this.reads.set(partition, read)
    this.sizeBytes += read.sizeBytes
    if (read.more !== null) this.more.push(read.more)
    this.#remainingBytes = Math.max(0, this.#remainingBytes - read.sizeBytes)
    if (isWorthTelling(read)) this.isDue = true
    // A follower that does not know how far its records are committed is told at once.
    if (read.data.highWatermark > partition.knownHighWatermark) this.isDue = true
  }

  ended(): Reads {
    if (this.reads.size === 0 || this.sizeBytes >= this.#fetching.request.minBytes) this.isDue = true
    return this
  }
}

function readOne(
  partition: FetchPartition,
  room: { readonly remainingBytes: number; readonly isFirst: 'yes' | 'no' },
  { request, context, loan }: Fetching
): PartitionRead {
  const replicaId = replicaIdOf(request, context)
  const hosted = context.broker.hosted(partition.topic, partition.partition)
  if (hosted.kind === 'none') return absentPartition(partition.partition, whyAbsent(partition, context))
  if (hosted.kind === 'offline') return failedRead(partition.partition, ErrorCode.KAFKA_STORAGE_ERROR)
  const { replica } = hosted
  const isOfAnotherTopic = context.apiVersion >= firstVersionWithTopicIds && replica.topicId !== partition.topicId
  if (isOfAnotherTopic) return failedRead(partition.partition, ErrorCode.INCONSISTENT_TOPIC_ID)
  const how = {
    maxBytes: Math.min(partition.maxBytes, room.remainingBytes),
    atLeastOneBatch: room.isFirst,
    memory: loan
  }
  const preferred = replicaId >= 0 ? null : preferredReadReplica(context.broker, replica, partition, request.rackId)
  if (preferred !== null) return readElsewhere(replica, partition, preferred)
  const { replicaEpoch: followerEpoch = -1 } = request.replicaState
  const { leaderThrottle: throttle } = context.broker
  if (replicaId >= 0)
    return readForFollower(replica, partition, { ...how, followerId: replicaId, followerEpoch, throttle })
  const asksLeader = context.apiVersion < firstVersionWithRack
  if (replica.leadership === null && (asksLeader || !replica.hasRole)) {
    const epochError = leaderEpochError(replica, partition.currentLeaderEpoch)
    return failedRead(
      partition.partition,
      epochError === ErrorCode.NONE ? ErrorCode.NOT_LEADER_OR_FOLLOWER : epochError
    )
  }
  return readPartition(replica, partition, {
    isolation: request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
    reader: replicaId === debuggingReplicaId ? 'debugger' : 'consumer',
    ...how
  })
}

function whyAbsent(partition: FetchPartition, context: RequestContext): ErrorCode {
  const isElsewhere = context.broker.image.topicByName(partition.topic)?.partitions[partition.partition] !== undefined
  return isElsewhere ? ErrorCode.NOT_LEADER_OR_FOLLOWER : unknownTopic(partition, context)
}

function unknownTopic(partition: FetchPartition, { apiVersion }: RequestContext): ErrorCode {
  if (apiVersion < firstVersionWithTopicIds) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return partition.topic === '' ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** Whoever asks has to do something else, which does not wait for records. */
export function isWorthTelling({ data }: PartitionRead): boolean {
  return (
    data.errorCode !== ErrorCode.NONE || data.divergingEpoch !== undefined || data.preferredReadReplica !== undefined
  )
}
