/**
 * Produce (0): appends record batches to partitions.
 *
 * v3 record batches of magic 2 · v5 log start offset · v7 zstd (KIP-110) · v8 record errors · v9 flexible ·
 * v10 who leads instead (KIP-951) · v11 TRANSACTION_ABORTABLE · v12 begins transactions in partitions (KIP-890) · v13 topic ids
 * Advertised from 0 although 0 to 2 are refused: librdkafka before 2.6 stops compressing otherwise (Kafka does the same).
 * acks=all is answered when the data is synced, acks=1 when it is written, acks=0 never; a failed acks=0 closes the
 * connection, the only way to tell.
 *
 * Budget: record bytes are checked and get their offset where they lie in the request; no copy. What comes in one turn is written
 * with one call per partition, and synced with one; a request waits for that with one promise per partition. Only one to more than a
 * hundred partitions is appended in slices; what comes behind it on its connection waits, as behind one that begins a transaction.
 */
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import type { VerificationGuard, Within } from '../../log/types.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest } from '../../protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../protocol/generated/api/produce-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { type BatchHeader, hasProducerId, mayBeTransactional, readBatchHeader } from '../../protocol/records/batch.ts'
import { beginInCompression, objectionToRequest } from '../../protocol/records/batch-checks.ts'
import { Compression } from '../../protocol/records/compression/codec.ts'
import { api, closeConnection, noAnswer, type Outcome, type RequestContext } from '../api.ts'
import type { Broker, Led } from '../broker.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import { CommitTimeout, NotLeading, type Replica } from '../replication/replica.ts'
import type { BatchWithin, Participation, Verified } from '../transaction-verification.ts'

type Request = Decoded<ProduceRequest>
type RequestTopic = Request['topicData'][number]
type RequestPartition = RequestTopic['partitionData'][number]
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

const allInSyncReplicas = -1
const noRecords = Buffer.alloc(0)
const firstVersionWithTopicIds = 13
const firstVersionWithLeaders = 10
const firstVersionWithZstd = 7
const firstVersionWithAbortable = 11
const firstVersionThatAdds = 12
const severalProducers = 'Transactional records contained more than one producer ID'
/** A batch that begins a transaction needs a guard, and has none. */
const unverified: Within = { verified: { guard: null } }
/** The transaction's coordinator cannot say it now. */
const passing: ReadonlyMap<number, string> = new Map(
  (
    [
      'CONCURRENT_TRANSACTIONS',
      'NETWORK_EXCEPTION',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR'
    ] as const
  ).map((name) => [ErrorCode[name], name])
)
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
    return topics.some(isWithinTransaction)
      ? produceWithin(topics, request, context)
      : produceTo(topics, request, context, noneVerified)
  }
})

type VerifiedReplicas = ReadonlyMap<Replica, Verified>
type Produced = Outcome<ProduceResponse> | Promise<Outcome<ProduceResponse>>

const noneVerified: VerifiedReplicas = new Map()

function produceTo(
  topics: readonly RequestTopic[],
  request: Request,
  context: RequestContext,
  verified: VerifiedReplicas
): Produced {
  if (context.broker.walks.areMany(partitionsOf(topics))) return produceLater(topics, request, context, verified)
  const settled: Promise<void>[] = []
  const responses = topics.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitionResponses: topic.partitionData.map((partition) =>
      append(topic, partition, request, settled, context, verified)
    )
  }))
  const answer = () => outcomeOf(responses, request, context)
  const [only] = settled
  if (only === undefined) return answer()
  return settled.length === 1 ? only.then(answer) : Promise.all(settled).then(answer)
}

function isWithinTransaction({ partitionData }: RequestTopic): boolean {
  // Of most: nothing is made to walk them.
  if (partitionData.length === 1) return mayBeTransactional(partitionData[0]?.records ?? noRecords)
  return partitionData.some(({ records }) => mayBeTransactional(records ?? noRecords))
}

/** Where the transaction begins in a partition its coordinator is asked first; what comes behind on the connection waits. */
function produceWithin(topics: readonly RequestTopic[], request: Request, context: RequestContext): Produced {
  const { transactionalId } = request
  const failedAll = (errorCode: ErrorCode, errorMessage: string | null): Outcome<ProduceResponse> => {
    const fail = (partition: RequestPartition) => ({ ...failed(partition, errorCode), errorMessage })
    const responses = topics.map(({ partitionData, ...topic }) => ({
      ...topic,
      partitionResponses: partitionData.map(fail)
    }))
    return outcomeOf(responses, request, context)
  }
  if (transactionalId === null) return failedAll(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, null)
  const batches = batchesWithin(topics, context)
  const [first] = batches
  if (first === undefined) return produceTo(topics, request, context, noneVerified)
  const { producerId, producerEpoch } = first
  if (batches.some((batch) => batch.producerId !== producerId || batch.producerEpoch !== producerEpoch))
    return failedAll(ErrorCode.INVALID_PRODUCER_ID_MAPPING, severalProducers)
  const participant = { transactionalId, producerId, producerEpoch, participation: participationOf(context) }
  const verified = context.broker.transactions.verification.verify(participant, batches)
  if (!(verified instanceof Promise)) return produceTo(topics, request, context, verified)
  return produceLater(topics, request, context, verified)
}

function batchesWithin(
  topics: readonly RequestTopic[],
  context: RequestContext
): readonly (BatchWithin & Pick<BatchHeader, 'producerId' | 'producerEpoch'>)[] {
  return topics.flatMap((topic) =>
    topic.partitionData.flatMap((partition) => {
      const records = partition.records ?? noRecords
      const led = mayBeTransactional(records) ? find(topic, partition, context) : null
      if (led === null || 'error' in led) return []
      const header = readBatchHeader(records)
      return hasProducerId(header) ? [{ ...header, replica: led.replica }] : []
    })
  )
}

/** What a producer of this version expects (AddPartitionsToTxnManager.produceRequestVersionToTransactionSupportedOperation). */
function participationOf({ apiVersion }: RequestContext): Participation {
  if (apiVersion >= firstVersionThatAdds) return 'adds'
  return apiVersion >= firstVersionWithAbortable ? 'asks, and may be told to abort' : 'asks'
}

function partitionsOf(topics: readonly RequestTopic[]): number {
  // Of most: nothing is made to walk them.
  if (topics.length === 1) return topics[0]?.partitionData.length ?? 0
  return topics.reduce((sum, { partitionData }) => sum + partitionData.length, 0)
}

/** In slices, or once a transaction's coordinator has answered; in the order of the connection. */
async function produceLater(
  topics: readonly RequestTopic[],
  request: Request,
  context: RequestContext,
  verified: VerifiedReplicas | Promise<VerifiedReplicas>
): Promise<Outcome<ProduceResponse>> {
  const { walks, heldSessions } = context.broker
  const settled: Promise<void>[] = []
  const append = (known: VerifiedReplicas) =>
    walks.allOf(partitionsOf(topics), appendSteps(topics, request, settled, context, known))
  const appended = verified instanceof Promise ? verified.then(append) : Promise.resolve(append(verified))
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
  context: RequestContext,
  verified: VerifiedReplicas
): Generator<void, ProduceResponse['responses']> {
  const responses: ProduceResponse['responses'][number][] = []
  for (const topic of topics) {
    const partitionResponses: PartitionAnswer[] = []
    for (const partition of topic.partitionData) {
      partitionResponses.push(append(topic, partition, request, settled, context, verified))
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
  context: RequestContext,
  verified: VerifiedReplicas
): PartitionAnswer {
  const { acks } = request
  const led = find(topic, partition, context)
  if ('error' in led) return notLed(topic, partition, led, context)
  const { replica } = led
  if (context.apiVersion < firstVersionWithZstd && beginInCompression(partition.records ?? noRecords, Compression.zstd))
    return failed(partition, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
  if (acks < allInSyncReplicas || acks > 1) return failed(partition, ErrorCode.INVALID_REQUIRED_ACKS)
  if (isCoordinators(replica.topic)) {
    if (context.clientId !== '__admin_client') return failed(partition, ErrorCode.INVALID_TOPIC_EXCEPTION)
  }
  if (acks === allInSyncReplicas && !replica.hasEnoughInSyncReplicas) {
    return { ...failed(partition, ErrorCode.NOT_ENOUGH_REPLICAS), logStartOffset: replica.log.logStartOffset }
  }
  const known = verified.get(replica)
  if (known !== undefined && 'errorCode' in known) return failedVerification(partition, known.errorCode, context)
  return appendTo(replica, partition, request, settled, context.broker, known?.guard ?? null)
}

/** Coordinators write to these, and nobody else. */
function isCoordinators(topic: string): boolean {
  return topic === '__consumer_offsets' || topic === '__transaction_state' || topic === '__share_group_state'
}

function appendTo(
  replica: Replica,
  partition: RequestPartition,
  request: Request,
  settled: Promise<void>[],
  { host }: Broker,
  guard: VerificationGuard | null
): PartitionAnswer {
  try {
    const within = guard === null ? unverified : { verified: { guard } }
    const result = replica.append(partition.records ?? noRecords, 'client', 'in this turn', within)
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
      Object.assign(answer, refusedLater(partition, error))
    }
    settled.push(settledAs(replica, request, result.lastOffset + 1, host.clock).catch(refuse))
    return answer
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return refusedByDisk(partition, error)
  }
}

/** Only what the log itself refused is answered with its start, and not all of that (ReplicaManager.appendRecordsToLeader). */
function tellsLogStart(error: ErrorCode, { records }: RequestPartition): boolean {
  return !errorsWithoutLogStart.has(error) && objectionToRequest(records ?? noRecords) === null
}

/** What came to light when the records were in the log already: where they lie there is told all the same (DelayedProduce). */
function refusedLater(partition: RequestPartition, error: unknown): Partial<PartitionAnswer> {
  if (error instanceof NotLeading) return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }
  if (error instanceof CommitTimeout) return { errorCode: ErrorCode.REQUEST_TIMED_OUT }
  if (error instanceof NotEnoughReplicas) return { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND }
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

/** Kafka explains the first two. The others do not say what is wrong with the batch; all else speaks for itself. */
const explained: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.INVALID_RECORD,
  ErrorCode.INVALID_TIMESTAMP,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.UNKNOWN_SERVER_ERROR
])

function messageFor(error: ErrorCode, message: string): string | null {
  return explained.has(error) ? message : null
}

/** In words that a producer tries again after, where it should (ReplicaManager.handleProduceAppend). */
function failedVerification(partition: RequestPartition, errorCode: number, context: RequestContext): PartitionAnswer {
  if (errorCode === ErrorCode.INVALID_TXN_STATE)
    return { ...failed(partition, errorCode), errorMessage: 'Partition was not added to the transaction' }
  const isKnown = errorCode === ErrorCode.CONCURRENT_TRANSACTIONS && participationOf(context) === 'adds'
  const underlying = passing.get(errorCode)
  if (isKnown || underlying === undefined) return failed(partition, errorCode)
  const errorMessage = `Unable to verify the partition has been added to the transaction. Underlying error: ${underlying}`
  return { ...failed(partition, ErrorCode.NOT_ENOUGH_REPLICAS), errorMessage }
}

function failed(partition: RequestPartition, errorCode: number): PartitionAnswer {
  return { index: partition.index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
}

function refusedByDisk(partition: RequestPartition, error: unknown): PartitionAnswer {
  const errorMessage = error instanceof DiskError ? error.message : null
  return { ...failed(partition, ErrorCode.KAFKA_STORAGE_ERROR), errorMessage }
}

function anyFailed(responses: readonly { readonly partitionResponses: readonly PartitionAnswer[] }[]): boolean {
  return responses.some((topic) => topic.partitionResponses.some((partition) => partition.errorCode !== ErrorCode.NONE))
}
