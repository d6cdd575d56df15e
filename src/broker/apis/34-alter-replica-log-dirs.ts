/**
 * AlterReplicaLogDirs (34): has replicas kept in another directory of the same broker (KIP-113).
 *
 * v2 flexible
 * A broker has one directory: who names that one finds the replicas there already, and there is no other (LOG_DIR_NOT_FOUND).
 * Kafka: ReplicaManager.alterReplicaLogDirs.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { AlterReplicaLogDirsRequest } from '../../protocol/generated/api/alter-replica-log-dirs-request.ts'
import { AlterReplicaLogDirsResponse } from '../../protocol/generated/api/alter-replica-log-dirs-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

type Request = Decoded<AlterReplicaLogDirsRequest>

export const alterReplicaLogDirs = api(ApiKey.AlterReplicaLogDirs, {
  versions: [1, 2],
  request: AlterReplicaLogDirsRequest,
  response: AlterReplicaLogDirsResponse,
  authorization: { every: ['alter cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed: (request, { errorCode }) => answerFor(request, () => errorCode),

  handle: (request, { broker }) => answerFor(request, (...asked) => move(broker, ...asked))
})

/** Of a partition that is named more than once the last directory counts, and it is answered once. */
function answerFor(
  { dirs }: Request,
  errorOf: (path: string, topic: string, partition: number) => ErrorCode
): AlterReplicaLogDirsResponse {
  const byTopic = new Map<string, Map<number, string>>()
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      const paths = byTopic.get(name) ?? new Map<number, string>()
      for (const partition of partitions) paths.set(partition, path)
      byTopic.set(name, paths)
    }
  }
  const results = Array.from(byTopic, ([topicName, paths]) => ({
    topicName,
    partitions: Array.from(paths, ([partitionIndex, path]) => ({
      ...{ partitionIndex, errorCode: errorOf(path, topicName, partitionIndex) }
    }))
  }))
  return { throttleTimeMs: 0, results }
}

function move(broker: Broker, path: string, topic: string, partition: number): ErrorCode {
  if (path !== broker.logDirectory.path) return ErrorCode.LOG_DIR_NOT_FOUND
  const { kind } = broker.hosted(topic, partition)
  if (kind === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR
  if (kind === 'online') return ErrorCode.NONE
  const isElsewhere = broker.image.topicByName(topic)?.partitions[partition] !== undefined
  return isElsewhere ? ErrorCode.REPLICA_NOT_AVAILABLE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}
