/**
 * DescribeLogDirs (35): where the logs lie, and how large they are.
 *
 * v1 throttling · v2 flexible · v3 top-level error · v4 size of the disk · v5 cordoned directories
 * There is one directory. A broker in memory calls it 'memory', and does not know the size of a disk (-1).
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeLogDirsRequest } from '../../protocol/generated/api/describe-log-dirs-request.ts'
import { DescribeLogDirsResponse } from '../../protocol/generated/api/describe-log-dirs-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

type RequestTopic = NonNullable<Decoded<DescribeLogDirsRequest>['topics']>[number]
type TopicAnswer = DescribeLogDirsResponse['results'][number]['topics'][number]

const firstVersionWithWholeError = 3

export const describeLogDirs = api(ApiKey.DescribeLogDirs, {
  versions: [1, 5],
  request: DescribeLogDirsRequest,
  response: DescribeLogDirsResponse,
  authorization: { every: ['describe cluster'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'at once',
  failed(_, { errorCode }, apiVersion) {
    return apiVersion >= firstVersionWithWholeError ? { throttleTimeMs: 0, errorCode, results: [] } : null
  },

  handle(request, { broker }) {
    const asked = request.topics === null ? everyPartition(broker) : eachOnce(request.topics)
    const topics = Array.from(asked, ([topic, partitions]) => describe(broker, topic, partitions)).filter(
      ({ partitions }) => partitions.length > 0
    )
    const { path, space } = broker.logDirectory
    const { totalBytes, freeBytes } = space() ?? { totalBytes: -1, freeBytes: -1 }
    const directory = { errorCode: ErrorCode.NONE, logDir: path, topics, totalBytes, usableBytes: freeBytes }
    return { throttleTimeMs: 0, results: [directory] }
  }
})

function everyPartition({ image }: Broker): Map<string, Set<number>> {
  const topics = image.sortedTopics()
  return new Map(topics.map(({ name, partitions }) => [name, new Set(partitions.keys())]))
}

/** A partition is told once, however often it is asked for. */
function eachOnce(topics: readonly RequestTopic[]): Map<string, Set<number>> {
  const asked = new Map<string, Set<number>>()
  for (const { topic, partitions } of topics) {
    const ids = asked.get(topic) ?? new Set()
    for (const id of partitions) ids.add(id)
    asked.set(topic, ids)
  }
  return asked
}

function describe(broker: Broker, name: string, ids: ReadonlySet<number>): TopicAnswer {
  const partitions = [...ids].flatMap((partitionIndex) => {
    const replica = broker.replica(name, partitionIndex)
    if (replica === undefined) return []
    return [{ partitionIndex, partitionSize: replica.log.sizeBytes, offsetLag: 0, isFutureKey: false }]
  })
  return { name, partitions }
}
