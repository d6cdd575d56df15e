/**
 * One fetch: what a leader has from given offsets on.
 */
import type { Cluster, FetchRequestTopics, FetchResponse } from '../cluster.ts'
import { groupedBy, type Isolation, type LedPartition } from '../partitions.ts'

const maxWaitMs = 500
const minBytes = 1
const maxBytes = 8 * 1024 * 1024
const partitionMaxBytes = 1024 * 1024
const anyRack = ''

/**
 * Session id and epoch of a fetch that names all it asks for. An epoch of 0 would make a session (KIP-227) for each fetch, and push
 * those of other readers out of the broker's cache.
 */
export const noSession = [0, -1] as const

export interface FetchPlace {
  readonly partition: LedPartition
  readonly next: bigint
}

/** Answers when there is something, or after half a second. */
export async function fetchFrom(
  cluster: Cluster,
  leader: number,
  places: readonly FetchPlace[],
  isolation: Isolation
): Promise<FetchResponse> {
  const level = isolation === 'committed' ? 1 : 0
  const topics = fetchTopics(places)
  return await cluster.answer('Fetch', leader, maxWaitMs, minBytes, maxBytes, level, ...noSession, topics, [], anyRack)
}

/** In the order of the places: a broker fills its answer from the first on. */
function fetchTopics(places: readonly FetchPlace[]): FetchRequestTopics {
  return [...groupedBy(places, (one) => one.partition.topicId)].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ partition, next }) => ({
      partition: partition.partition,
      currentLeaderEpoch: -1,
      fetchOffset: next,
      lastFetchedEpoch: -1,
      partitionMaxBytes
    }))
  }))
}
