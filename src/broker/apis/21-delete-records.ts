/**
 * DeleteRecords (21): moves the log start offset of partitions forward.
 *
 * v1 throttles after the answer · v2 flexible
 * Offset -1 means the high watermark. The new start is on disk before the answer leaves. Topics that are only compacted
 * refuse it, as in Kafka (POLICY_VIOLATION), and so do the broker's own topics.
 */
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DeleteRecordsRequest } from '../../protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../protocol/generated/api/delete-records-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

const toTheHighWatermark = -1

export const deleteRecords = api(ApiKey.DeleteRecords, {
  versions: [0, 2],
  request: DeleteRecordsRequest,
  response: DeleteRecordsResponse,

  handle(request, { broker }) {
    const topics = request.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitions.map(({ partitionIndex, offset }) => {
        const trimmed = trim(broker, topic.name, partitionIndex, offset)
        return typeof trimmed === 'number'
          ? { partitionIndex, lowWatermark: trimmed, errorCode: ErrorCode.NONE }
          : { partitionIndex, lowWatermark: -1, errorCode: trimmed.error }
      })
    }))
    broker.saveLogStartOffsets()
    return { throttleTimeMs: 0, topics }
  }
})

/** The new log start offset, or Kafka's error. */
function trim(broker: Broker, topic: string, partition: number, offset: number): number | { error: ErrorCode } {
  const replica = broker.replica(topic, partition)
  if (broker.metadata.image.topicByName(topic)?.isInternal) return { error: ErrorCode.INVALID_TOPIC_EXCEPTION }
  if (replica === undefined) return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  if (!replica.log.config.cleanupDelete && replica.log.config.cleanupCompact)
    return { error: ErrorCode.POLICY_VIOLATION }
  const start = offset === toTheHighWatermark ? replica.highWatermark : offset
  if (start < 0 || start > replica.highWatermark) return { error: ErrorCode.OFFSET_OUT_OF_RANGE }
  replica.log.deleteRecordsBefore(start)
  return replica.log.logStartOffset
}
