/**
 * For clients that ask a broker which does not lead: who does, and where that one is found, so that they need not ask for metadata
 * first (KIP-951; KafkaApis.getCurrentLeader). Lasts as long as the making of one answer.
 */
import { noLeader } from '../coordination/metadata/partition-image.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { FetchResponse } from '../protocol/generated/api/fetch-response.ts'
import type { RequestContext } from './api.ts'
import { type DescribedBroker, describeBroker } from './described-brokers.ts'

export interface CurrentLeader {
  readonly leaderId: number
  readonly leaderEpoch: number
}

export class CurrentLeaders {
  readonly #context: RequestContext
  readonly #nodes = new Map<number, DescribedBroker>()

  constructor(context: RequestContext) {
    this.#context = context
  }

  of(topic: string, partition: number): CurrentLeader {
    const { broker, session } = this.#context
    const image = broker.image.topicByName(topic)?.partitions[partition]
    if (image === undefined) return { leaderId: noLeader, leaderEpoch: -1 }
    const { leader: leaderId, leaderEpoch } = image
    const node = this.#nodes.has(leaderId) ? null : describeBroker(broker, session, leaderId)
    if (node !== null) this.#nodes.set(leaderId, node)
    return { leaderId, leaderEpoch }
  }

  /** Those of the leaders that were told, each once. */
  get endpoints(): readonly DescribedBroker[] {
    return [...this.#nodes.values()]
  }
}

/** The errors of a fetch that say that another one leads, or leads in another epoch. */
export const misdirectedFetch: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.FENCED_LEADER_EPOCH
])

export function redirectedFetch(answer: FetchResponse, context: RequestContext): FetchResponse {
  const leaders = new CurrentLeaders(context)
  const responses = answer.responses.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((partition) => {
      if (!misdirectedFetch.has(partition.errorCode)) return partition
      return { ...partition, currentLeader: leaders.of(topic.topic ?? '', partition.partitionIndex) }
    })
  }))
  return { ...answer, responses, nodeEndpoints: leaders.endpoints }
}
