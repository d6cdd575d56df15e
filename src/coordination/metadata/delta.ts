/** What replay has changed in an image since somebody asked last (Kafka: MetadataDelta, made backwards). */
import type { BrokerImage } from './broker-image.ts'
import type { TopicImage } from './image.ts'
import type { PartitionImage } from './partition-image.ts'

export interface PartitionDelta {
  readonly topic: TopicImage
  readonly partition: PartitionImage
  /** As it was at the last delta; null when it was not there. */
  readonly before: PartitionImage | null
}

/** A topic that was made and deleted in between is nowhere in it; one that was deleted and made again is a topic of another id. */
export interface MetadataDelta {
  readonly created: readonly TopicImage[]
  /** As they were when they were deleted. */
  readonly deleted: readonly TopicImage[]
  /** New or changed, of every topic that is there now. */
  readonly partitions: readonly PartitionDelta[]
  /** Resources of which a setting changed; a deleted topic is not among them. */
  readonly configs: readonly { readonly type: number; readonly name: string }[]
  /** Ids of brokers that were registered, changed or unregistered. */
  readonly brokers: readonly BrokerImage['id'][]
}

/** Collects while records are replayed. */
export class ChangesSince {
  readonly #created = new Set<string>()
  readonly #deleted: TopicImage[] = []
  /** By the topic's id, then the partition's. */
  readonly #before = new Map<string, Map<number, PartitionImage | null>>()
  readonly #configs = new Map<string, { readonly type: number; readonly name: string }>()
  readonly #brokers = new Set<number>()

  topicCreated(id: string): void {
    this.#created.add(id)
  }

  topicDeleted(topic: TopicImage, configKey: string): void {
    this.#before.delete(topic.id)
    this.#configs.delete(configKey)
    if (!this.#created.delete(topic.id)) this.#deleted.push(topic)
  }

  partitionChanged(topicId: string, partitionId: number, before: PartitionImage | null): void {
    let partitions = this.#before.get(topicId)
    if (partitions === undefined) {
      partitions = new Map()
      this.#before.set(topicId, partitions)
    }
    if (!partitions.has(partitionId)) partitions.set(partitionId, before)
  }

  configChanged(key: string, type: number, name: string): void {
    if (!this.#configs.has(key)) this.#configs.set(key, { type, name })
  }

  brokerChanged(id: number): void {
    this.#brokers.add(id)
  }

  /** In the words of the image as it is now. */
  toDelta(topicById: (id: string) => TopicImage): MetadataDelta {
    const partitions: PartitionDelta[] = []
    for (const [topicId, changed] of this.#before) {
      const topic = topicById(topicId)
      for (const [partitionId, before] of changed) {
        const partition = topic.partitions[partitionId]
        if (partition === undefined) throw new Error(`${topic.name} has lost its partition ${partitionId}`)
        partitions.push({ topic, partition, before })
      }
    }
    return {
      created: Array.from(this.#created, topicById),
      deleted: this.#deleted,
      partitions,
      configs: [...this.#configs.values()],
      brokers: [...this.#brokers]
    }
  }
}
