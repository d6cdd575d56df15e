/**
 * Error codes of partitions, gathered by topic in the order in which they are found: first those that are refused at once,
 * then what the group says (Kafka: OffsetCommitResponse.Builder and OffsetDeleteResponse.Builder merge the two).
 */

export interface TopicKey {
  readonly name: string
  readonly topicId: string
}

interface TopicAnswer extends TopicKey {
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: number }[]
}

export class PartitionAnswers {
  readonly #byTopic = new Map<string, TopicAnswer>()

  add({ name, topicId }: TopicKey, partitionIndex: number, errorCode: number): void {
    const key = name === '' ? topicId : name
    const topic = this.#byTopic.get(key) ?? { name, topicId, partitions: [] }
    this.#byTopic.set(key, topic)
    topic.partitions.push({ partitionIndex, errorCode })
  }

  topics(): readonly TopicAnswer[] {
    return [...this.#byTopic.values()]
  }
}

/** Each partition that was asked for is told the same. */
export function toldAll(
  topics: readonly (TopicKey & { readonly partitions: readonly { readonly partitionIndex: number }[] })[],
  errorCode: number
): readonly TopicAnswer[] {
  return topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode }))
  }))
}
