/**
 * Produce (0): appends record batches to partitions.
 *
 * v3 record batches of magic 2 · v5 log start offset · v7 zstd (KIP-110) · v8 record errors · v9 flexible ·
 * v10 who leads instead (KIP-951) ·
 * v13 topic ids
 * Advertised from 0 although 0 to 2 are refused: librdkafka before 2.6 stops compressing otherwise (Kafka does the same).
 * acks=all is answered when the data is synced, acks=1 when it is written, acks=0 never; a failed acks=0 closes the
 * connection, the only way to tell.
 *
 * Budget: record bytes are checked and get their offset where they lie in the request; no copy. What comes in one turn is written
 * with one call per partition, and synced with one; a request waits for that with one promise per partition. Only one to more than a
 * hundred partitions is appended in slices; what comes behind it on its connection waits.
 */
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest } from '../../protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../protocol/generated/api/produce-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { mayBeTransactional } from '../../protocol/records/batch.ts'
import { beginInCompression, objectionToRequest } from '../../protocol/records/batch-checks.ts'
import { Compression } from '../../protocol/records/compression/codec.ts'
import { api, closeConnection, noAnswer, type Outcome, type RequestContext } from '../api.ts'
import type { Broker, Led } from '../broker.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import type { DiskRoom } from '../disk-room.ts'
import { CommitTimeout, NotLeading, type Replica } from '../replication/replica.ts'

type Request = Decoded<ProduceRequest>
type RequestTopic = Request['topicData'][number]
type RequestPartition = RequestTopic['partitionData'][number]
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

const allInSyncReplicas = -1
const noRecords = Buffer.alloc(0)
const firstVersionWithTopicIds = 13
const firstVersionWithLeaders = 10
const firstVersionWithZstd = 7
const errorsWithoutLogStart: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.RECORD_LIST_TOO_LARGE
])

export const produce = api(ApiKey.Produce, {
  versions: [3, 13],
  advertisedFrom: 0,
  request: ProduceRequest,
  response: ProduceResponse,
  authorization: { every: ['write topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ acks, topicData }, { errorCode, errorMessage }) {
    if (acks === 0) return null
    const responses = topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map((partition) => ({ ...failed(partition, errorCode), errorMessage }))
    }))
    return { responses }
  },

  handle(request, context) {
    const topics = lastOfEach(request.topicData)
    if (context.broker.walks.areMany(partitionsOf(topics))) return produceInSlices(topics, request, context)
    const settled: Promise<void>[] = []
    const responses = topics.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map((partition) => append(topic, partition, request, settled, context))
    }))
    const answer = () => outcomeOf(responses, request, context)
    const [only] = settled
    if (only === undefined) return answer()
    return settled.length === 1 ? only.then(answer) : Promise.all(settled).then(answer)
  }
})

function partitionsOf(topics: readonly RequestTopic[]): number {
  // Of most: nothing is made to walk them.
  if (topics.length === 1) return topics[0]?.partitionData.length ?? 0
  return topics.reduce((sum, { partitionData }) => sum + partitionData.length, 0)
}

async function produceInSlices(
  topics: readonly RequestTopic[],
  request: Request,
  context: RequestContext
): Promise<Outcome<ProduceResponse>> {
  const { walks, heldSessions } = context.broker
  const settled: Promise<void>[] = []
  const appended = walks.walk(appendSteps(topics, request, settled, context))
  heldSessions.hold(context.session, appended)
  const responses = await appended
  await Promise.all(settled)
  return outcomeOf(responses, request, context)
}

/** A partition at each step. */
function* appendSteps(
  topics: readonly RequestTopic[],
  request: Request,
  settled: Promise<void>[],
  context: RequestContext
): Generator<void, ProduceResponse['responses']> {
  const responses: ProduceResponse['responses'][number][] = []
  for (const topic of topics) {
    const partitionResponses: PartitionAnswer[] = []
    for (const partition of topic.partitionData) {
      partitionResponses.push(append(topic, partition, request, settled, context))
      yield
    }
    responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
  }
  return responses
}

function outcomeOf(
  responses: ProduceResponse['responses'],
  request: Request,
  context: RequestContext
): Outcome<ProduceResponse> {
  if (request.acks === 0) return anyFailed(responses) ? closeConnection : noAnswer
  return { responses, ...redirections(responses, context) }
}

/** Of a partition that is named more than once the last batch counts, and it is answered once (KafkaApis.handleProduceRequest). */
function lastOfEach(topics: readonly RequestTopic[]): readonly RequestTopic[] {
  const [first] = topics
  if (first === undefined || (topics.length === 1 && first.partitionData.length === 1)) return topics
  const byTopic = new Map<string, { topic: RequestTopic; partitions: Map<number, RequestPartition> }>()
  for (const topic of topics) {
    const key = `${topic.topicId}/${topic.name}`
    const { partitions } = byTopic.get(key) ?? { partitions: new Map<number, RequestPartition>() }
    for (const partition of topic.partitionData) partitions.set(partition.index, partition)
    byTopic.set(key, { topic, partitions })
  }
  return [...byTopic.values()].map(({ topic, partitions }) => ({ ...topic, partitionData: [...partitions.values()] }))
}

function append(
  topic: RequestTopic,
  partition: RequestPartition,
  request: Request,
  settled: Promise<void>[],
  context: RequestContext
): PartitionAnswer {
  const { acks, transactionalId } = request
  const led = find(topic, partition, context)
  if ('error' in led) return notLed(topic, partition, led, context)
  const { replica } = led
  if (context.apiVersion < firstVersionWithZstd && beginInCompression(partition.records ?? noRecords, Compression.zstd))
    return failed(partition, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
  if (acks < allInSyncReplicas || acks > 1) return failed(partition, ErrorCode.INVALID_REQUIRED_ACKS)
  if (replica.topic === '__consumer_offsets' || replica.topic === '__transaction_state') {
    if (context.clientId !== '__admin_client') return failed(partition, ErrorCode.INVALID_TOPIC_EXCEPTION)
  }
  if (acks === allInSyncReplicas && !replica.hasEnoughInSyncReplicas) {
    return { ...failed(partition, ErrorCode.NOT_ENOUGH_REPLICAS), logStartOffset: replica.log.logStartOffset }
  }
  if (mayBeTransactional(partition.records ?? noRecords)) {
    // Nobody would end the transaction, and readers of what is committed would wait for that for ever.
    const { TRANSACTIONAL_ID_AUTHORIZATION_FAILED, INVALID_PRODUCER_ID_MAPPING } = ErrorCode
    return failed(
      partition,
      transactionalId === null ? TRANSACTIONAL_ID_AUTHORIZATION_FAILED : INVALID_PRODUCER_ID_MAPPING
    )
  }
  return appendTo(replica, partition, request, settled, context.broker)
}

function appendTo(
  replica: Replica,
  partition: RequestPartition,
  request: Request,
  settled: Promise<void>[],
  { diskRoom, host }: Broker
): PartitionAnswer {
  try {
    const result = replica.append(partition.records ?? noRecords, 'client', 'in this turn')
    if (!result.ok) {
      return {
        ...failed(partition, result.error),
        errorMessage: messageFor(result.error, result.message),
        recordErrors: result.recordErrors,
        logStartOffset: tellsLogStart(result.error, partition) ? replica.log.logStartOffset : -1
      }
    }
    const answer: PartitionAnswer = {
      index: partition.index,
      errorCode: ErrorCode.NONE,
      baseOffset: result.firstOffset,
      logAppendTimeMs: result.logAppendTimeMs,
      logStartOffset: result.logStartOffset
    }
    const refuse = (error: unknown): void => {
      Object.assign(answer, refusedLater(partition, error, diskRoom))
    }
    const settling = settledAs(replica, request, result.lastOffset + 1, host.clock)
    settled.push(settling.then(diskRoom.taken, refuse))
    return answer
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    diskRoom.refused(error)
    return refusedByDisk(partition, error)
  }
}

/** Only what the log itself refused is answered with its start, and not all of that (ReplicaManager.appendRecordsToLeader). */
function tellsLogStart(error: ErrorCode, { records }: RequestPartition): boolean {
  return !errorsWithoutLogStart.has(error) && objectionToRequest(records ?? noRecords) === null
}

/** What came to light when the records were in the log already: where they lie there is told all the same (DelayedProduce). */
function refusedLater(partition: RequestPartition, error: unknown, diskRoom: DiskRoom): Partial<PartitionAnswer> {
  if (error instanceof NotLeading) return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }
  if (error instanceof CommitTimeout) return { errorCode: ErrorCode.REQUEST_TIMED_OUT }
  if (error instanceof NotEnoughReplicas) return { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND }
  diskRoom.refused(error)
  return refusedByDisk(partition, error)
}

/** Resolves when the records are as safe as was asked for. Others are waited for as long as the producer allows. */
function settledAs(replica: Replica, { acks, timeoutMs }: Request, endOffset: number, clock: Clock): Promise<void> {
  if (acks !== allInSyncReplicas) return replica.log.written()
  if (replica.leadership?.isAlone !== false) return replica.committed(endOffset)
  return replica.committed(endOffset, { clock, timeoutMs }).then(() => {
    // Only while it leads is it told who is in sync; that the records are committed holds, whoever leads.
    if (replica.leadership !== null && !replica.hasEnoughInSyncReplicas) throw new NotEnoughReplicas()
  })
}

/** The records are committed, and fewer replicas are in sync by now than there must be (DelayedProduce). */
class NotEnoughReplicas extends Error {
  override readonly name = 'NotEnoughReplicas'
}

function find(topic: RequestTopic, partition: RequestPartition, context: RequestContext): Led {
  return context.broker.led(nameOf(topic, context), partition.index)
}

function nameOf(topic: { name?: string; topicId?: string }, { broker, apiVersion }: RequestContext): string {
  const name = apiVersion >= firstVersionWithTopicIds ? broker.image.topicById(topic.topicId ?? '')?.name : topic.name
  return name ?? ''
}

/** Tells who leads what this broker was wrongly taken to lead. */
function redirections(topics: ProduceResponse['responses'], context: RequestContext): Partial<ProduceResponse> {
  if (context.apiVersion < firstVersionWithLeaders || !topics.some(isMisdirected)) return {}
  const leaders = new CurrentLeaders(context)
  const responses = topics.map((topic) => ({
    ...topic,
    partitionResponses: topic.partitionResponses.map((partition) => {
      if (partition.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return partition
      return { ...partition, currentLeader: leaders.of(nameOf(topic, context), partition.index) }
    })
  }))
  return { responses, nodeEndpoints: leaders.endpoints }
}

function isMisdirected({ partitionResponses }: ProduceResponse['responses'][number]): boolean {
  return partitionResponses.some(({ errorCode }) => errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER)
}

function notLed(
  topic: RequestTopic,
  partition: RequestPartition,
  { error, reason }: Exclude<Led, { readonly replica: Replica }>,
  context: RequestContext
): PartitionAnswer {
  if (reason !== null) return refusedByDisk(partition, reason)
  return failed(partition, error === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ? whyUnknown(topic, context) : error)
}

function whyUnknown({ topicId }: RequestTopic, { broker, apiVersion }: RequestContext): ErrorCode {
  const isUnknownId = apiVersion >= firstVersionWithTopicIds && broker.image.topicById(topicId) === undefined
  return isUnknownId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** Kafka explains what is wrong with records; its other errors speak for themselves. */
function messageFor(error: ErrorCode, message: string): string | null {
  return error === ErrorCode.INVALID_RECORD || error === ErrorCode.INVALID_TIMESTAMP ? message : null
}

function failed(partition: RequestPartition, errorCode: ErrorCode): PartitionAnswer {
  return { index: partition.index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
}

function refusedByDisk(partition: RequestPartition, error: unknown): PartitionAnswer {
  const errorMessage = error instanceof DiskError ? error.message : null
  return { ...failed(partition, ErrorCode.KAFKA_STORAGE_ERROR), errorMessage }
}

function anyFailed(responses: readonly { readonly partitionResponses: readonly PartitionAnswer[] }[]): boolean {
  return responses.some((topic) => topic.partitionResponses.some((partition) => partition.errorCode !== ErrorCode.NONE))
}
