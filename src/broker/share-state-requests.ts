/**
 * What is asked of a share coordinator, partition by partition (Kafka: ShareCoordinatorService). Partitions of one topic come together in the
 * answer, and each once: of one that is named twice both requests are done, in their order, and the last is answered. Where a topic has no
 * partitions, or the group no name, nothing of the request is done, without an error.
 */
import type { SharePartitionKey } from '../coordination/share-states/state.ts'
import type { Slicing } from '../host/slices.ts'
import type { ErrorCode } from '../protocol/error-codes.ts'
import type { Failure } from './api.ts'

interface OfPartition {
  readonly partition: number
}

export interface ShareStateRequest<Partition extends OfPartition> {
  readonly groupId: string
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly Partition[] }[]
}

export interface ShareStateResponse<Answer> {
  readonly results: readonly { readonly topicId: string; readonly partitions: readonly (Answer & OfPartition)[] }[]
}

/** In slices: a request may name very many. */
export async function eachShare<Partition extends OfPartition, Answer>(
  { groupId, topics }: ShareStateRequest<Partition>,
  slices: Slicing,
  answerTo: (key: SharePartitionKey, partition: Partition) => Promise<Answer>
): Promise<ShareStateResponse<Answer>> {
  if (groupId === '' || topics.some(({ partitions }) => partitions.length === 0)) return { results: [] }
  const results = new Map<string, Map<number, Answer & OfPartition>>()
  const answered: Promise<void>[] = []
  for (const { topicId, partitions } of topics) {
    for (const asked of partitions) {
      const { partition } = asked
      const answers = results.get(topicId) ?? new Map<number, Answer & OfPartition>()
      results.set(topicId, answers)
      // What was asked before is decided while this waits, in its order.
      await slices.othersTurn()
      const answer = answerTo({ groupId, topicId, partition }, asked)
      answered.push(answer.then((told) => void answers.set(partition, { ...told, partition })))
    }
  }
  await Promise.all(answered)
  return { results: Array.from(results, ([topicId, answers]) => ({ topicId, partitions: [...answers.values()] })) }
}

/** Every partition failed for the same reason. */
export function allFailed<Partition extends OfPartition, Answer>(
  { topics }: ShareStateRequest<Partition>,
  { errorCode, errorMessage }: Failure,
  answerOf: (errorCode: ErrorCode, errorMessage: string) => Answer
): ShareStateResponse<Answer> {
  const failed = ({ partition }: Partition): Answer & OfPartition => ({
    ...answerOf(errorCode, errorMessage),
    partition
  })
  return { results: topics.map(({ topicId, partitions }) => ({ topicId, partitions: partitions.map(failed) })) }
}
