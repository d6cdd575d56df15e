/**
 * Error codes of partitions, gathered by topic in the order in which they are found: first those that are refused at once,
 * then what the group says (Kafka: OffsetCommitResponse.Builder and OffsetDeleteResponse.Builder merge the two).
 */
import type { ErrorCode } from '../../../protocol/error-codes.ts'

export interface TopicKey {
  readonly name: string
  readonly topicId: string
}

interface TopicAnswer extends TopicKey {
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: ErrorCode }[]
}

export class PartitionAnswers {
  readonly #byTopic = new Map<string, TopicAnswer>()

  add({ name, topicId }: TopicKey, partitionIndex: number, errorCode: ErrorCode): void {
    const key = name === '' ? topicId : name
    const topic = this.#byTopic.get(key) ?? { name, topicId, partitions: [] }
    this.#byTopic.set(key, topic)
    topic.partitions.push({ partitionIndex, errorCode })
  }

  topics(): readonly TopicAnswer[] {
    return [...this.#byTopic.values()]
  }
}
