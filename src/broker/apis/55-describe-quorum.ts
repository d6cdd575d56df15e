/**
 * DescribeQuorum (55): who votes about what the cluster knows, and how far each voter is (KIP-595). Consoles tell by it
 * that a cluster has no ZooKeeper.
 *
 * v0 flexible from the start · v1 when voters were heard of last · v2 messages, directory ids, the voters' addresses
 * One node votes, and has no listener of its own: the broker of a cluster of one, or a controller, which tells its brokers what is
 * safe; they observe. Kafka answers only who asks for exactly the metadata partition (KafkaRaftClient.handleDescribeQuorumRequest).
 */
import type { QuorumState } from '../../controller/controller.ts'
import type { BrokerImage } from '../../coordination/metadata/image.ts'
import { metadataTopicName } from '../../coordination/metadata/topic-names.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeQuorumRequest } from '../../protocol/generated/api/describe-quorum-request.ts'
import { DescribeQuorumResponse } from '../../protocol/generated/api/describe-quorum-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ZERO_UUID } from '../../protocol/primitives.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

type Topics = Decoded<DescribeQuorumRequest>['topics']
type PartitionAnswer = DescribeQuorumResponse['topics'][number]['partitions'][number]

export const describeQuorum = api(ApiKey.DescribeQuorum, {
  versions: [0, 2],
  request: DescribeQuorumRequest,
  response: DescribeQuorumResponse,
  authorization: { every: ['describe cluster'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'may wait',
  failed: (_, failure) => ({ ...failure, topics: [], nodes: [] }),

  async handle({ topics }, { broker, apiVersion }) {
    const answered = { errorCode: ErrorCode.NONE, errorMessage: '' }
    if (!isMetadataAlone(topics)) return { ...answered, topics: topics.map(unknown), nodes: [] }
    const quorum = await broker.controller.ask((controller) => Promise.resolve(controller.quorum()))
    const partitions = [metadataPartition(broker, quorum)]
    const nodes = apiVersion >= 2 ? [{ nodeId: quorum.nodeId, listeners: [] }] : []
    return { ...answered, topics: [{ topicName: metadataTopicName, partitions }], nodes }
  }
})

function isMetadataAlone(topics: Topics): boolean {
  const [topic, ...others] = topics
  if (topic?.topicName !== metadataTopicName || others.length > 0) return false
  return topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0
}

function metadataPartition(broker: Broker, quorum: QuorumState): PartitionAnswer {
  const now = { lastFetchTimestamp: broker.host.clock.nowMs(), lastCaughtUpTimestamp: broker.host.clock.nowMs() }
  const { nodeId, leaderEpoch, logEndOffset, highWatermark } = quorum
  return {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    leaderId: nodeId,
    leaderEpoch,
    highWatermark,
    currentVoters: [{ replicaId: nodeId, logEndOffset, ...now }],
    observers: observers(broker, nodeId).map(({ id, directories: [directory = ZERO_UUID] }) => ({
      ...{ replicaId: id, replicaDirectoryId: directory, logEndOffset: highWatermark, ...now }
    }))
  }
}

/** A broker is told what is safe as soon as it is. */
function observers({ image }: Broker, controllerId: number): BrokerImage[] {
  return [...image.brokers()].filter(({ id, fenced }) => !fenced && id !== controllerId)
}

function unknown({ topicName, partitions }: Topics[number]): DescribeQuorumResponse['topics'][number] {
  return {
    topicName,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: 'This server does not host this topic-partition.',
      leaderId: 0,
      leaderEpoch: 0,
      highWatermark: 0,
      currentVoters: [],
      observers: []
    }))
  }
}
