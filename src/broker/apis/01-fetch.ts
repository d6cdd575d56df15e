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
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest } from '../../protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../protocol/generated/api/fetch-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type Failure, type RequestContext, unexpected } from '../api.ts'
import { misdirectedFetch, redirectedFetch } from '../current-leaders.ts'
import {
  consumerReplicaId,
  type Fetching,
  firstVersionWithTopicIds,
  isWorthTelling,
  type Reads,
  readAll,
  readerOf,
  readSteps,
  replicaIdOf
} from '../fetch-reading.ts'
import type { FetchPartition } from '../fetch-sessions.ts'
import type { FetchWatch } from '../purgatory.ts'
import { absentPartition, isIsolationLevel, type PartitionData, type PartitionRead } from '../read-partition.ts'
import type { Replica } from '../replication/replica.ts'

type Request = Decoded<FetchRequest>

const firstVersionWithLeaders = 16
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
  const fetching = { request, session, context, loan: context.broker.fetchMemory.lend() }
  if (context.broker.walks.areMany(session.partitionCount)) return answerOfMany(fetching)
  const known = moreWithoutReading(fetching)
  if (known.length > 0) return readOnceSettled(known, fetching)
  const first = readAll(fetching)
  if (first.more.length === 0) return respondOrWait(first, null, fetching)
  fetching.loan.giveBack()
  return readOnceSettled(first.more, fetching)
}

/** A consumer takes the high watermark for the end: what was acknowledged before it asked must not lie behind. */
async function readOnceSettled(more: readonly Promise<void>[], fetching: Fetching): Promise<FetchResponse> {
  await Promise.allSettled(more)
  return respondOrWait(readAll(fetching), null, fetching)
}

/** The same of so many that they are read in more than one turn: what comes meanwhile to those that were read counts as well. */
async function answerOfMany(fetching: Fetching): Promise<FetchResponse> {
  const first = await readInSlices(fetching)
  if (first.read.more.length === 0) return respondOrWait(first.read, first.watch, fetching)
  first.watch.close()
  fetching.loan.giveBack()
  await Promise.allSettled(first.read.more)
  const second = await readInSlices(fetching)
  return respondOrWait(second.read, second.watch, fetching)
}

async function readInSlices(fetching: Fetching): Promise<{ readonly read: Reads; readonly watch: FetchWatch }> {
  const { walks, fetches } = fetching.context.broker
  const watch = fetches.watch(readerOf(fetching))
  try {
    return { read: await walks.walk(readSteps(fetching, watch)), watch }
  } catch (error) {
    watch.close()
    throw error
  }
}

/** `watched`: what was read was watched from then on; null where nothing can have come since. */
function respondOrWait(
  read: Reads,
  watched: FetchWatch | null,
  fetching: Fetching
): FetchResponse | Promise<FetchResponse> {
  const watch = watched ?? (read.isDue ? null : watchAll(fetching))
  if (watch !== null && !read.isDue && !watch.isOfNone) return respondOnceDue(read, watch, fetching)
  watch?.close()
  return respond(read.reads, fetching)
}

async function respondOnceDue(read: Reads, watch: FetchWatch, fetching: Fetching): Promise<FetchResponse> {
  try {
    await due(read, watch, fetching)
    const again = readAgain(fetching)
    return respond((again instanceof Promise ? await again : again).reads, fetching)
  } finally {
    watch.close()
  }
}

/** What was read is too little to be sent, and is read again. */
function due({ sizeBytes }: Reads, watch: FetchWatch, { request, loan }: Fetching): Promise<void> {
  loan.giveBack()
  return watch.wait(request.minBytes - sizeBytes, Math.min(request.maxWaitMs, limits.fetchWaitMs))
}

function readAgain(fetching: Fetching): Reads | Promise<Reads> {
  const { walks } = fetching.context.broker
  return walks.areMany(fetching.session.partitionCount) ? walks.walk(readSteps(fetching, null)) : readAll(fetching)
}

function watchAll(fetching: Fetching): FetchWatch {
  const { session, context } = fetching
  const watch = context.broker.fetches.watch(readerOf(fetching))
  for (const { topic, partition } of session.partitions) {
    const replica = context.broker.replica(topic, partition)
    if (replica !== undefined) watch.add(replica)
  }
  return watch
}

/**
 * What `readAll` would say there is more of, where the places at which earlier reads ended tell that it would read to the end
 * of every partition: a consumer that keeps up with a producer has it read once, not twice. Empty when only reading tells.
 */
function moreWithoutReading({ request, session, context }: Fetching): readonly Promise<void>[] {
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

function respond(
  reads: ReadonlyMap<FetchPartition, PartitionRead>,
  { session, context, loan }: Fetching
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
