/**
 * Fetch (1): reads whole batches from partitions, and waits for them when there are too few.
 *
 * v4 isolation level, aborted transactions · v5 log start offset · v7 sessions (KIP-227) · v9 leader epochs · v10 zstd (KIP-110) ·
 * v11 rack · v12 flexible, diverging epochs · v13 topic ids · v15 replica state · v16 who leads instead (KIP-951) ·
 * v17, v18 replicas only
 * Kafka: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages. KIP-74: at least one batch is given even when it is
 * larger than every limit, and the first batch may begin before the offset asked for.
 *
 * Budget: one read of the file per partition with records, for a reader that keeps up also where some are not synced yet, into
 * memory that comes back when the answer has left; records are slices of it, never copied; a waiting fetch costs one timer. More than a
 * hundred partitions are read in slices.
 */
import type { ReadMemory } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest } from '../../protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../protocol/generated/api/fetch-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type Failure, type RequestContext, unexpected } from '../api.ts'
import { misdirectedFetch, redirectedFetch } from '../current-leaders.ts'
import type { FetchLoan } from '../fetch-memory.ts'
import type { FetchContext, FetchPartition } from '../fetch-sessions.ts'
import { preferredReadReplica } from '../preferred-replica.ts'
import type { FetchWatch, WaitingReader } from '../purgatory.ts'
import {
  absentPartition,
  failedRead,
  isIsolationLevel,
  leaderEpochError,
  type PartitionData,
  type PartitionRead,
  readElsewhere,
  readPartition
} from '../read-partition.ts'
import { readForFollower } from '../replication/follower-reads.ts'
import type { Replica } from '../replication/replica.ts'

type Request = Decoded<FetchRequest>

/** From here on a consumer may be told to read from a replica near it (KIP-392), so a follower answers it too. */
const firstVersionWithRack = 11
const firstVersionWithTopicIds = 13
const firstVersionWithLeaders = 16
const consumerReplicaId = -1
const debuggingReplicaId = -2
const noMore: readonly Promise<void>[] = []

export const fetch = api(ApiKey.Fetch, {
  versions: [4, 18],
  request: FetchRequest,
  response: FetchResponse,
  authorization: { every: ['read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: failedAsAWhole,

  handle: answerFetch
})

export function answerFetch(request: Request, context: RequestContext): FetchResponse | Promise<FetchResponse> {
  if (!isIsolationLevel(request.isolationLevel)) return failedAsAWhole(request, unexpected, context.apiVersion)
  const session = context.broker.fetchSessions.enter(sessionRequest(request, context))
  if ('error' in session) return { errorCode: session.error, sessionId: 0, responses: [] }
  const loan = context.broker.fetchMemory.lend()
  if (context.broker.walks.areMany(session.partitionCount)) return answerOfMany(request, session, context, loan)
  const known = moreWithoutReading(request, session, context)
  if (known.length > 0) return readOnceSettled(known, request, session, context, loan)
  const first = readAll(request, session, context, loan)
  if (first.more.length === 0) return respondOrWait(request, session, first, context, loan)
  loan.giveBack()
  return readOnceSettled(first.more, request, session, context, loan)
}

/** A consumer takes the high watermark for the end: what was acknowledged before it asked must not lie behind. */
async function readOnceSettled(
  more: readonly Promise<void>[],
  request: Request,
  session: FetchContext,
  context: RequestContext,
  loan: FetchLoan
): Promise<FetchResponse> {
  await Promise.allSettled(more)
  return respondOrWait(request, session, readAll(request, session, context, loan), context, loan)
}

/**
 * What `readAll` would say there is more of, where the places at which earlier reads ended tell that it would read to the end
 * of every partition: a consumer that keeps up with a producer has it read once, not twice. Empty when only reading tells.
 */
function moreWithoutReading(
  request: Request,
  session: FetchContext,
  context: RequestContext
): readonly Promise<void>[] {
  if (replicaIdOf(request, context) !== consumerReplicaId) return noMore
  let unread: Replica[] | null = null
  let remainingBytes = Math.min(request.maxBytes, limits.fetchBytes)
  for (const { topic, partition, fetchOffset, maxBytes } of session.partitions) {
    const replica = context.broker.replica(topic, partition)
    const sizeBytes = replica?.log.bytesFrom(fetchOffset) ?? null
    if (replica === undefined || sizeBytes === null || sizeBytes > Math.min(maxBytes, remainingBytes)) return noMore
    remainingBytes -= sizeBytes
    if (replica.highWatermark === replica.log.logEndOffset) continue
    unread ??= []
    unread.push(replica)
  }
  return unread?.flatMap((replica) => replica.readToEnd() ?? []) ?? noMore
}

function replicaIdOf(request: Request, { apiVersion }: RequestContext): number {
  return apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId
}

function readerOf(request: Request, context: RequestContext): WaitingReader {
  if (replicaIdOf(request, context) >= 0) return 'follower'
  return request.isolationLevel === 1 ? 'consumer of what is stable' : 'consumer'
}

function respondOrWait(
  request: Request,
  session: FetchContext,
  read: Reads,
  context: RequestContext,
  loan: FetchLoan
): FetchResponse | Promise<FetchResponse> {
  const replicas = read.isDue ? [] : waitableReplicas(session, context)
  if (read.isDue || replicas.length === 0) return respond(session, read.reads, context, loan)
  // What was read is too little to be sent, and is read again.
  loan.giveBack()
  const wait = {
    reader: readerOf(request, context),
    replicas,
    missingBytes: request.minBytes - read.sizeBytes,
    maxWaitMs: Math.min(request.maxWaitMs, limits.fetchWaitMs)
  }
  return context.broker.fetches
    .wait(wait)
    .then(() => respond(session, readAll(request, session, context, loan).reads, context, loan))
}

async function answerOfMany(
  request: Request,
  session: FetchContext,
  context: RequestContext,
  loan: FetchLoan
): Promise<FetchResponse> {
  const first = await readInSlices(request, session, context, loan)
  if (first.read.more.length === 0) return respondOrWaitWatching(request, session, first, context, loan)
  first.watch.close()
  loan.giveBack()
  await Promise.allSettled(first.read.more)
  const second = await readInSlices(request, session, context, loan)
  return respondOrWaitWatching(request, session, second, context, loan)
}

interface WatchedReads {
  readonly read: Reads
  readonly watch: FetchWatch
}

async function readInSlices(
  request: Request,
  session: FetchContext,
  context: RequestContext,
  loan: FetchLoan
): Promise<WatchedReads> {
  const { walks, fetches } = context.broker
  const watch = fetches.watch(readerOf(request, context))
  try {
    return { read: await walks.walk(readSteps(request, session, context, loan, watch)), watch }
  } catch (error) {
    watch.close()
    throw error
  }
}

async function respondOrWaitWatching(
  request: Request,
  session: FetchContext,
  { read, watch }: WatchedReads,
  context: RequestContext,
  loan: FetchLoan
): Promise<FetchResponse> {
  try {
    if (read.isDue || watch.isOfNone) return respond(session, read.reads, context, loan)
    loan.giveBack()
    await watch.wait(request.minBytes - read.sizeBytes, Math.min(request.maxWaitMs, limits.fetchWaitMs))
    const { reads } = await context.broker.walks.walk(readSteps(request, session, context, loan, null))
    return respond(session, reads, context, loan)
  } finally {
    watch.close()
  }
}

/** What Kafka answers where it trips over the request itself (FetchRequest.getErrorResponse). */
function failedAsAWhole({ topics, sessionId }: Request, { errorCode }: Failure, apiVersion: number): FetchResponse {
  const responses = topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => absentPartition(partition, errorCode).data)
  }))
  return { errorCode, sessionId, responses: apiVersion < firstVersionWithTopicIds ? responses : [] }
}

function sessionRequest(request: Request, { apiVersion, broker }: RequestContext) {
  const byId = apiVersion >= firstVersionWithTopicIds
  const nameOf = (topic: { topic: string; topicId: string }): string =>
    byId ? (broker.image.topicById(topic.topicId)?.name ?? '') : topic.topic
  const partitions = request.topics.flatMap((topic) => {
    const name = nameOf(topic)
    return topic.partitions.map(
      (partition): FetchPartition => ({
        topic: name,
        topicId: topic.topicId,
        partition: partition.partition,
        currentLeaderEpoch: partition.currentLeaderEpoch,
        fetchOffset: partition.fetchOffset,
        lastFetchedEpoch: partition.lastFetchedEpoch,
        logStartOffset: partition.logStartOffset,
        maxBytes: partition.partitionMaxBytes,
        knownHighWatermark: partition.highWatermark,
        told: null
      })
    )
  })
  const forgotten = request.forgottenTopicsData.map((topic) => ({ ...topic, topic: nameOf(topic) }))
  const { sessionId, sessionEpoch } = request
  return { sessionId, sessionEpoch, usesTopicIds: byId ? ('ids' as const) : ('names' as const), partitions, forgotten }
}

interface Reads {
  readonly reads: ReadonlyMap<FetchPartition, PartitionRead>
  readonly sizeBytes: number
  /** True when the answer has no reason to wait. */
  readonly isDue: boolean
  /** Resolve when the records behind what was read can be read too. */
  readonly more: readonly Promise<void>[]
}

function readAll(request: Request, session: FetchContext, context: RequestContext, memory: ReadMemory): Reads {
  const reading = new Reading(request)
  for (const partition of session.partitions) reading.add(partition, request, context, memory)
  return reading.ended(request)
}

/** A partition at each step, of those that the session has now. */
function* readSteps(
  request: Request,
  session: FetchContext,
  context: RequestContext,
  memory: ReadMemory,
  watch: FetchWatch | null
): Generator<void, Reads> {
  const reading = new Reading(request)
  for (const partition of [...session.partitions]) {
    reading.add(partition, request, context, memory)
    const replica = context.broker.replica(partition.topic, partition.partition)
    if (replica !== undefined) watch?.add(replica)
    yield
  }
  return reading.ended(request)
}

class Reading implements Reads {
  readonly reads = new Map<FetchPartition, PartitionRead>()
  readonly more: Promise<void>[] = []
  sizeBytes = 0
  isDue: boolean
  #remainingBytes: number

  constructor({ maxBytes, maxWaitMs }: Request) {
    this.#remainingBytes = Math.min(maxBytes, limits.fetchBytes)
    this.isDue = maxWaitMs <= 0
  }

  add(partition: FetchPartition, request: Request, context: RequestContext, memory: ReadMemory): void {
    const isFirst = this.sizeBytes === 0 ? ('yes' as const) : ('no' as const)
    const read = readOne(request, partition, { remainingBytes: this.#remainingBytes, isFirst, memory }, context)
    this.reads.set(partition, read)
    this.sizeBytes += read.sizeBytes
    if (read.more !== null) this.more.push(read.more)
    this.#remainingBytes = Math.max(0, this.#remainingBytes - read.sizeBytes)
    if (isWorthTelling(read)) this.isDue = true
    // A follower that does not know how far its records are committed is told at once.
    if (read.data.highWatermark > partition.knownHighWatermark) this.isDue = true
  }

  ended({ minBytes }: Request): Reads {
    if (this.reads.size === 0 || this.sizeBytes >= minBytes) this.isDue = true
    return this
  }
}

function readOne(
  request: Request,
  partition: FetchPartition,
  room: { readonly remainingBytes: number; readonly isFirst: 'yes' | 'no'; readonly memory: ReadMemory },
  context: RequestContext
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
    memory: room.memory
  }
  const preferred = replicaId >= 0 ? null : preferredReadReplica(context.broker, replica, partition, request.rackId)
  if (preferred !== null) return readElsewhere(replica, partition, preferred)
  const { replicaEpoch: followerEpoch = -1 } = request.replicaState
  const { leaderThrottle: throttle } = context.broker
  if (replicaId >= 0)
    return readForFollower(replica, partition, { ...how, followerId: replicaId, followerEpoch, throttle })
  const asksLeader = context.apiVersion < firstVersionWithRack
  if (asksLeader && replica.leadership === null) {
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
function isWorthTelling({ data }: PartitionRead): boolean {
  return (
    data.errorCode !== ErrorCode.NONE || data.divergingEpoch !== undefined || data.preferredReadReplica !== undefined
  )
}

function waitableReplicas(session: FetchContext, { broker }: RequestContext): Replica[] {
  const replicas: Replica[] = []
  for (const partition of session.partitions) {
    const replica = broker.replica(partition.topic, partition.partition)
    if (replica !== undefined) replicas.push(replica)
  }
  return replicas
}

function respond(
  session: FetchContext,
  reads: ReadonlyMap<FetchPartition, PartitionRead>,
  context: RequestContext,
  loan: FetchLoan
): FetchResponse {
  if (!loan.isEmpty) context.onSent = () => loan.giveBack()
  const topics = new Map<string, { topic: string; topicId: string; partitions: PartitionData[] }>()
  let isMisdirected = false
  for (const [partition, read] of reads) {
    if (session.answer === 'changed' && !hasNews(partition, read)) continue
    partition.told = { highWatermark: read.data.highWatermark, logStartOffset: read.data.logStartOffset ?? -1 }
    if (read.sizeBytes > 0) session.served(partition)
    // A session may hold a deleted topic beside the one that has its name now.
    const key = `${partition.topicId}:${partition.topic}`
    const topic = topics.get(key) ?? { topic: partition.topic, topicId: partition.topicId, partitions: [] }
    topics.set(key, topic)
    topic.partitions.push(read.data)
    if (misdirectedFetch.has(read.data.errorCode)) isMisdirected = true
  }
  const answer = { errorCode: ErrorCode.NONE, sessionId: session.sessionId, responses: [...topics.values()] }
  return isMisdirected && context.apiVersion >= firstVersionWithLeaders ? redirectedFetch(answer, context) : answer
}

/** What an incremental answer must tell (FetchSession.CachedPartition.maybeUpdateResponseData). */
function hasNews(partition: FetchPartition, read: PartitionRead): boolean {
  const { data } = read
  return (
    read.sizeBytes > 0 ||
    isWorthTelling(read) ||
    partition.told === null ||
    partition.told.highWatermark !== data.highWatermark ||
    partition.told.logStartOffset !== data.logStartOffset
  )
}
