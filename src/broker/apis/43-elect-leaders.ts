/**
 * ElectLeaders (43): has the preferred replica lead again, or any replica where none in sync is left.
 *
 * v1 choice of the election (KIP-460) · v2 flexible
 * The one replica of a partition leads it as long as its log can be read, so that there is nothing to elect: it leads
 * already, or nobody can. Kafka: ReplicationControlManager.electLeaders. Who names no topics asks for all partitions, and is
 * told only of those where something happened.
 */
import type { ClusterImage } from '../../coordination/metadata/image.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ElectLeadersRequest } from '../../protocol/generated/api/elect-leaders-request.ts'
import { ElectLeadersResponse } from '../../protocol/generated/api/elect-leaders-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

type Request = Decoded<ElectLeadersRequest>
type PartitionAnswer = ElectLeadersResponse['replicaElectionResults'][number]['partitionResult'][number]
type Verdict = Pick<PartitionAnswer, 'errorCode' | 'errorMessage'>

const preferredElection = 0
const uncleanElection = 1

export const electLeaders = api(ApiKey.ElectLeaders, {
  versions: [0, 2],
  request: ElectLeadersRequest,
  response: ElectLeadersResponse,
  failed: refused,

  handle(request, { broker }) {
    const { electionType, timeoutMs, topicPartitions } = request
    if (topicPartitions?.length === 0) return { throttleTimeMs: 0, replicaElectionResults: [] }
    if (electionType !== preferredElection && electionType !== uncleanElection) {
      const errorMessage = `Unknown election type ${electionType}`
      return refused(request, { errorCode: ErrorCode.INVALID_REQUEST, errorMessage })
    }
    if (timeoutMs <= 0) return refused(request, { errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: null })
    const replicaElectionResults =
      topicPartitions === null ? everyTopic(broker, electionType) : asked(topicPartitions, broker, electionType)
    return { throttleTimeMs: 0, replicaElectionResults }
  }
})

function asked(topics: NonNullable<Request['topicPartitions']>, broker: Broker, electionType: number) {
  return topics.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({
      partitionId,
      ...elect(broker, electionType, topic, partitionId)
    }))
  }))
}

function everyTopic(broker: Broker, electionType: number) {
  return broker.image.sortedTopics().map(({ name, partitions }) => ({
    topic: name,
    partitionResult: partitions
      .map(({ partitionId }) => ({ partitionId, ...elect(broker, electionType, name, partitionId) }))
      .filter(({ errorCode }) => errorCode !== ErrorCode.ELECTION_NOT_NEEDED)
  }))
}

function elect(broker: Broker, electionType: number, topic: string, partition: number): Verdict {
  const missing = absence(broker.image, topic, partition)
  if (missing !== null) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: missing }
  const hosted = broker.hosted(topic, partition)
  if (hosted.kind !== 'offline') {
    const errorMessage = 'Leader election not needed for topic partition.'
    return { errorCode: ErrorCode.ELECTION_NOT_NEEDED, errorMessage }
  }
  const errorMessage = hosted.reason.message
  return electionType === preferredElection
    ? { errorCode: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, errorMessage }
    : { errorCode: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, errorMessage }
}

function absence(image: ClusterImage, topic: string, partition: number): string | null {
  const known = image.topicByName(topic)
  if (known === undefined) return `No such topic as ${topic}`
  return known.partitions[partition] === undefined ? `No such partition as ${topic}-${partition}` : null
}

/** Kafka's answer to a request that is wrong as a whole: the same for each partition that it named. */
function refused({ topicPartitions }: Request, verdict: Verdict): ElectLeadersResponse {
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...verdict }))
  }))
  return { throttleTimeMs: 0, errorCode: verdict.errorCode, replicaElectionResults }
}
