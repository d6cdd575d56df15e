/**
 * OffsetForLeaderEpoch (23): where a leader epoch ended, so that a client sees whether what it read is still in the log.
 *
 * v2 current leader epoch · v3 replica id · v4 flexible
 * KIP-320; Kafka: Partition.lastOffsetForLeaderEpoch. An epoch that is not known gets -1 for both.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetForLeaderEpochRequest } from '../../protocol/generated/api/offset-for-leader-epoch-request.ts'
import { OffsetForLeaderEpochResponse } from '../../protocol/generated/api/offset-for-leader-epoch-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

const noEpoch = { leaderEpoch: -1, endOffset: -1 }

export const offsetForLeaderEpoch = api(ApiKey.OffsetForLeaderEpoch, {
  versions: [2, 4],
  request: OffsetForLeaderEpochRequest,
  response: OffsetForLeaderEpochResponse,
  authorization: { some: ['describe topic', 'clusterAction cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed(request, { errorCode }) {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, ...noEpoch }))
    }))
    return { topics }
  },

  handle(request, { broker }) {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({
        partition: partition.partition,
        ...epochEnd(broker, topic, partition)
      }))
    }))
    return { topics }
  }
})

function epochEnd(
  broker: Broker,
  topic: string,
  asked: { readonly partition: number; readonly currentLeaderEpoch: number; readonly leaderEpoch: number }
): { errorCode: ErrorCode; leaderEpoch: number; endOffset: number } {
  const led = broker.ledIn(asked.currentLeaderEpoch, topic, asked.partition)
  if ('error' in led) return { errorCode: led.error, ...noEpoch }
  return { errorCode: ErrorCode.NONE, ...led.replica.log.endOffsetForEpoch(asked.leaderEpoch) }
}
