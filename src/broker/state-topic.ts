/**
 * A topic that coordinators keep their logs in: made on first use, and each key has its partition. The node that leads that looks after
 * the key (Kafka: AutoTopicCreationManager, GroupCoordinator.partitionFor, TransactionCoordinator.partitionFor,
 * ShareCoordinator.partitionFor).
 */
import type { NewStateTopic } from '../coordination/config/new-state-topic.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { noLeader } from '../coordination/metadata/partition-image.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ControllerLine } from './controller-line.ts'
import { PeerUnreachable } from './peer.ts'

export interface StateTopicOptions {
  readonly name: '__consumer_offsets' | '__transaction_state' | '__share_group_state'
  readonly image: () => ClusterImage
  readonly controller: ControllerLine
  readonly made: () => NewStateTopic
}

export class StateTopic {
  readonly #options: StateTopicOptions
  #making: Promise<boolean> | null = null

  constructor(options: StateTopicOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Makes the topic when it is not there. Resolves when it is, or with false when it could not be made. */
  ensure(): Promise<boolean> {
    if (this.#count() > 0) return Promise.resolve(true)
    this.#making ??= this.#make().finally(() => {
      this.#making = null
    })
    return this.#making
  }

  /** The partition that has the key; null as long as there is no such topic. */
  partitionOf(key: string): number | null {
    const count = this.#count()
    return count === 0 ? null : partitionOfKey(key, count)
  }

  /** The node that looks after the key; -1 when there is none. */
  nodeOf(key: string): number {
    const partition = this.partitionOf(key)
    if (partition === null) return noLeader
    return this.#options.image().topicByName(this.name)?.partitions[partition]?.leader ?? noLeader
  }

  #count(): number {
    return this.#options.image().topicByName(this.name)?.partitions.length ?? 0
  }

  async #make(): Promise<boolean> {
    const { controller, made } = this.#options
    try {
      const result = await controller.ask((asked) => asked.createInternalTopic(this.name, made()))
      return result === ErrorCode.NONE || result === ErrorCode.TOPIC_ALREADY_EXISTS
    } catch (error) {
      if (error instanceof PeerUnreachable) return false
      throw error
    }
  }
}

/** By Java's String.hashCode as Kafka's Utils.abs makes it positive. */
export function partitionOfKey(key: string, partitions: number): number {
  let hash = 0
  for (let index = 0; index < key.length; index++) hash = (Math.imul(31, hash) + key.charCodeAt(index)) | 0
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions
}
