/**
 * ElectLeaders (43): has the preferred replica lead again, or any replica where none in sync is left.
 *
 * v1 choice of the election (KIP-460) · v2 flexible
 * The controller elects (ReplicationControlManager.electLeaders). Who names no topics asks for all partitions, and is told only of
 * those where something happened. A leader whose log is lost here serves nobody: that is no election that was not needed.
 */
import type { ElectedPartition, ElectionResult, ElectionType } from '../../controller/elect-leaders.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ElectLeadersRequest } from '../../protocol/generated/api/elect-leaders-request.ts'
import { ElectLeadersResponse } from '../../protocol/generated/api/elect-leaders-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api, type Failure } from '../api.ts'
import { askController } from '../asking-controller.ts'
import type { Broker } from '../broker.ts'

type Request = Decoded<ElectLeadersRequest>
type PartitionAnswer = ElectLeadersResponse['replicaElectionResults'][number]['partitionResult'][number]
type Verdict = Pick<PartitionAnswer, 'errorCode' | 'errorMessage'>

const electionTypes: ReadonlyMap<number, ElectionType> = new Map([
  [0, 'preferred'],
  [1, 'unclean']
])

export const electLeaders = api(ApiKey.ElectLeaders, {
  versions: [0, 2],
  request: ElectLeadersRequest,
  response: ElectLeadersResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: refused,

  handle(request, { broker }) {
    const { electionType, timeoutMs, topicPartitions } = request
    if (topicPartitions?.length === 0) return { throttleTimeMs: 0, replicaElectionResults: [] }
    const type = electionTypes.get(electionType)
    if (type === undefined) {
      const errorMessage = `Unknown election type ${electionType}`
      return refused(request, { errorCode: ErrorCode.INVALID_REQUEST, errorMessage })
    }
    if (timeoutMs <= 0) return refused(request, { errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: null })
    return askController(elected(request, type, broker), (failure: Failure) => refused(request, failure))
  }
})

async function elected(
  { topicPartitions }: Request,
  type: ElectionType,
  broker: Broker
): Promise<ElectLeadersResponse> {
  const asked = topicPartitions ?? everyPartition(broker)
  const results = await broker.controller.ask(({ brokers }) => brokers.electLeaders(type, asked))
  const told = results.map((result) => toldOf(result, type, broker))
  return { throttleTimeMs: 0, replicaElectionResults: topicPartitions === null ? told.map(withNewsAlone) : told }
}

function everyPartition({ image }: Broker) {
  return image.sortedTopics().map(({ name, partitions }) => ({ topic: name, partitions: [...partitions.keys()] }))
}

function toldOf({ topic, partitions }: ElectionResult, type: ElectionType, broker: Broker) {
  const partitionResult = partitions.map((partition) => ({
    partitionId: partition.partitionId,
    ...(lostLeader(broker, topic, partition, type) ?? { errorCode: partition.error, errorMessage: partition.message })
  }))
  return { topic, partitionResult }
}

function withNewsAlone(result: ElectLeadersResponse['replicaElectionResults'][number]) {
  const partitionResult = result.partitionResult.filter(({ errorCode }) => errorCode !== ErrorCode.ELECTION_NOT_NEEDED)
  return { ...result, partitionResult }
}

function lostLeader(
  broker: Broker,
  topic: string,
  { partitionId, error }: ElectedPartition,
  type: ElectionType
): Verdict | null {
  const hosted = broker.hosted(topic, partitionId)
  if (error !== ErrorCode.ELECTION_NOT_NEEDED || hosted.kind !== 'offline') return null
  if (broker.image.topicByName(topic)?.partitions[partitionId]?.leader !== broker.nodeId) return null
  const { PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE } = ErrorCode
  const errorCode = type === 'preferred' ? PREFERRED_LEADER_NOT_AVAILABLE : ELIGIBLE_LEADERS_NOT_AVAILABLE
  return { errorCode, errorMessage: hosted.reason.message }
}

/** Kafka's answer to a request that is wrong as a whole: the same for each partition that it named. */
function refused({ topicPartitions }: Request, { errorCode, errorMessage }: Verdict): ElectLeadersResponse {
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage }))
  }))
  return { throttleTimeMs: 0, errorCode, replicaElectionResults }
}
