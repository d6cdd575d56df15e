/**
 * ShareFetch (78): gives records to a member of a share group, for a time, and hears what became of earlier ones (KIP-932).
 *
 * v1 one batch size for all partitions · v2 how strict the number of records is (KIP-1206), renewed locks (KIP-1222)
 * Kafka: KafkaApis.handleShareFetchRequest. What is said of records counts before anything is given out. Nobody asks whether the member is one
 * of the group: who has a session has what was given to it, until it gives it back, or the time is over.
 */
import { inSlices } from '../../host/slices.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ShareFetchRequest } from '../../protocol/generated/api/share-fetch-request.ts'
import { ShareFetchResponse } from '../../protocol/generated/api/share-fetch-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type RequestContext } from '../api.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import { type AcknowledgedPartition, acknowledgeAll } from '../share/acknowledging.ts'
import { acquireModes } from '../share/acquisition.ts'
import type { LedSharePartition } from '../share/led-share-partition.ts'
import { notLeading, type ShareFailure } from '../share/share-failure.ts'
import {
  type ShareAnswers,
  ShareFetching,
  type SharePartitionAnswer,
  type WantedShare
} from '../share/share-fetching.ts'
import { isMemberId, leaderOf } from '../share/share-requests.ts'
import {
  type EnteredSession,
  keyOf,
  type SharedPartition,
  type ShareSession,
  type ShareSessionPartition
} from '../share/share-sessions.ts'

type Request = Decoded<ShareFetchRequest>
type PartitionData = ShareFetchResponse['responses'][number]['partitions'][number]

interface Members {
  readonly groupId: string
  readonly memberId: string
}

export const shareFetch = api(ApiKey.ShareFetch, {
  versions: [1, 2],
  request: ShareFetchRequest,
  response: ShareFetchResponse,
  authorization: { every: ['read group', 'read topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => failedAsAWhole(errorCode),

  handle(request, context) {
    const { groupId, memberId } = request
    if (groupId === null || !isMemberId(memberId)) return failedAsAWhole(ErrorCode.INVALID_REQUEST)
    if (acquireModes[request.shareAcquireMode] === undefined) return failedAsAWhole(ErrorCode.UNKNOWN_SERVER_ERROR)
    if (request.isRenewAck && asksForRecords(request)) return failedAsAWhole(ErrorCode.INVALID_REQUEST)
    const opensTwice = request.shareSessionEpoch === 0 && namesTwice(request)
    if (opensTwice) return failedAsAWhole(ErrorCode.UNKNOWN_SERVER_ERROR)
    const entered = enter(request, { groupId, memberId }, context)
    if (entered.kind === 'refused') return failedAsAWhole(entered.errorCode)
    return answer(request, entered, context)
  }
})

/** Kafka trips over it when it opens a session. */
function namesTwice({ topics }: Request): boolean {
  const named = topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex }) => keyOf({ topicId, partition: partitionIndex }))
  )
  return new Set(named).size < named.length
}

/** Who renews locks asks for nothing else. */
function asksForRecords({ maxWaitMs, minBytes, maxBytes, maxRecords }: Request): boolean {
  return maxWaitMs !== 0 || minBytes !== 0 || maxBytes !== 0 || maxRecords !== 0
}

function enter(request: Request, members: Members, { broker, session }: RequestContext): EnteredSession {
  const partitions = request.topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topicId, partition: partitionIndex }))
  )
  const forgotten = request.forgottenTopicsData.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, partition }))
  )
  const saysSomething = request.topics.some(({ partitions }) =>
    partitions.some(({ acknowledgementBatches }) => acknowledgementBatches.length > 0)
  )
  return broker.sharePartitions.enterToFetch({
    ...members,
    epoch: request.shareSessionEpoch,
    connection: session,
    partitions,
    forgotten,
    says: saysSomething ? 'something' : 'nothing'
  })
}

async function answer(
  request: Request,
  { kind, session }: Exclude<EnteredSession, { kind: 'refused' }>,
  context: RequestContext
): Promise<ShareFetchResponse> {
  const { sharePartitions } = context.broker
  const { groupId, memberId } = session
  const { decided, done } = acknowledgeAll({ ...request, groupId, memberId }, context)
  if (decided !== null) await decided
  if (kind === 'ended') {
    const [acknowledged] = await Promise.all([done, sharePartitions.release(session)])
    return respond(new Map(), acknowledged, session, context)
  }
  const [answers, acknowledged] = await Promise.all([give(request, session, context), done])
  const told = kind === 'opened' ? answers : onlyNews(answers)
  if (kind === 'continued')
    for (const [partition, { acquired }] of told)
      if (acquired.length > 0) sharePartitions.sessions.served(session, partition)
  return respond(told, acknowledged, session, context)
}

async function give(request: Request, session: ShareSession, context: RequestContext): Promise<ShareAnswers> {
  const { broker } = context
  const wanted = await wantedOf(session, context)
  const loan = broker.fetchMemory.lend()
  context.onSent = () => loan.giveBack()
  const { maxWaitMs, minBytes, maxBytes, maxRecords, batchSize, shareAcquireMode } = request
  const requirements = {
    ...{
      memberId: session.memberId,
      maxWaitMs,
      minBytes: Math.min(minBytes, maxBytes),
      maxBytes,
      maxRecords,
      batchSize
    },
    mode: acquireModes[shareAcquireMode] ?? 'batch-optimized',
    isolation: broker.sharePartitions.settingsOf(session.groupId).isolationLevel
  }
  const isWanted = (): boolean => broker.sharePartitions.sessions.isOpen(session)
  const waiting = { clock: broker.host.clock, fetches: broker.fetches, slices: broker.sharePartitions.slices, isWanted }
  return new ShareFetching(waiting, wanted, requirements, loan).answers()
}

/** Another one comes first each time (Kafka: PartitionRotateStrategy). */
async function wantedOf({ groupId, partitions, epoch }: ShareSession, context: RequestContext): Promise<WantedShare[]> {
  const all = [...partitions.values()]
  const first = all.length === 0 ? 0 : (epoch - 1) % all.length
  const wanted: WantedShare[] = []
  await inSlices(context.broker.sharePartitions.slices, [...all.slice(first), ...all.slice(0, first)], (partition) => {
    wanted.push({ partition, share: shareOf(groupId, partition, context) })
  })
  return wanted
}

function shareOf(
  groupId: string,
  of: ShareSessionPartition,
  { broker }: RequestContext
): LedSharePartition | ShareFailure {
  const { UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
  const topic = broker.image.topicById(of.topicId)
  if (topic === undefined)
    return { errorCode: of.wasThere ? UNKNOWN_TOPIC_OR_PARTITION : UNKNOWN_TOPIC_ID, message: null }
  of.wasThere = true
  const led = broker.led(topic.name, of.partition)
  if ('replica' in led) return broker.sharePartitions.at(groupId, led.replica)
  return led.error === ErrorCode.NOT_LEADER_OR_FOLLOWER ? notLeading : { errorCode: led.error, message: null }
}

/** Kafka: CachedSharePartition.maybeUpdateResponseData. */
function onlyNews(answers: ShareAnswers): ShareAnswers {
  const told: ShareAnswers = new Map()
  for (const [partition, answer] of answers) {
    if (partition.isToBeTold || answer.failure !== null || answer.acquired.length > 0) told.set(partition, answer)
    partition.isToBeTold = answer.failure !== null
  }
  return told
}

function respond(
  answers: ShareAnswers,
  acknowledged: readonly AcknowledgedPartition[],
  { groupId }: ShareSession,
  context: RequestContext
): ShareFetchResponse {
  const leaders = new CurrentLeaders(context)
  const failures = new Map(acknowledged.map((one) => [keyOf(one), one.failure]))
  const topics = new Map<string, { readonly topicId: string; readonly partitions: PartitionData[] }>()
  const add = (of: SharedPartition, given: SharePartitionAnswer): void => {
    const topic = topics.get(of.topicId) ?? { topicId: of.topicId, partitions: [] }
    topics.set(of.topicId, topic)
    topic.partitions.push(partitionData(of, given, failures.get(keyOf(of)) ?? null, leaders, context))
    failures.delete(keyOf(of))
  }
  for (const [partition, given] of answers) add(partition, given)
  const nothing = { failure: null, records: Buffer.alloc(0), acquired: [] }
  for (const one of acknowledged) if (failures.has(keyOf(one))) add(one, nothing)
  const { recordLockDurationMs } = context.broker.sharePartitions.settingsOf(groupId)
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    acquisitionLockTimeoutMs: recordLockDurationMs,
    responses: [...topics.values()],
    nodeEndpoints: leaders.endpoints
  }
}

function partitionData(
  of: SharedPartition,
  { failure, records, acquired }: SharePartitionAnswer,
  acknowledgeFailure: ShareFailure | null,
  leaders: CurrentLeaders,
  context: RequestContext
): PartitionData {
  return {
    partitionIndex: of.partition,
    errorCode: failure?.errorCode ?? ErrorCode.NONE,
    errorMessage: failure?.message ?? null,
    acknowledgeErrorCode: acknowledgeFailure?.errorCode ?? ErrorCode.NONE,
    acknowledgeErrorMessage: acknowledgeFailure?.message ?? null,
    currentLeader: leaderOf(of, failure ?? acknowledgeFailure, leaders, context),
    records,
    acquiredRecords: acquired
  }
}

function failedAsAWhole(errorCode: ErrorCode): ShareFetchResponse {
  return {
    ...{ throttleTimeMs: 0, errorCode, errorMessage: null },
    ...{ acquisitionLockTimeoutMs: 0, responses: [], nodeEndpoints: [] }
  }
}
