/**
 * The markers that end a transaction in its partitions: sent to whoever leads each (Kafka: TransactionMarkerChannelManager,
 * TransactionMarkerRequestCompletionHandler), and written where it is led (KafkaApis.handleWriteTxnMarkersRequest).
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { PartitionsByTopic } from '../coordination/transactions/state.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import type { TransactionMarker } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { WriteTxnMarkersRequest } from '../protocol/generated/api/write-txn-markers-request.ts'
import type { WriteTxnMarkersResponse } from '../protocol/generated/api/write-txn-markers-response.ts'
import type { Decoded } from '../protocol/message.ts'
import { endTransactionMarker } from '../protocol/records/control-records.ts'
import { appendCommitted } from './append-committed.ts'
import type { GroupCoordinators } from './group-coordinators.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { type Peer, PeerUnreachable } from './peer.ts'
import type { Replica } from './replication/replica.ts'

export interface TransactionMarkersOptions {
  readonly nodeId: number
  readonly host: Host
  readonly image: () => ClusterImage
  readonly peer: (nodeId: number) => Pick<Peer, 'writeTxnMarkers'>
  readonly hosted: (topic: string, partition: number) => HostedPartition
  readonly groups: GroupCoordinators
}

type Request = Decoded<WriteTxnMarkersRequest>
type PartitionResult = WriteTxnMarkersResponse['markers'][number]['topics'][number]['partitions'][number]

/** The marker cannot be written there, and another may be: it is tried again. */
const passing: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.KAFKA_STORAGE_ERROR
])

export class TransactionMarkers {
  readonly #of: TransactionMarkersOptions

  constructor(of: TransactionMarkersOptions) {
    this.#of = of
  }

  /** Sends a marker to all leaders; gives the partitions that have none yet. Those of topics that are deleted need none. */
  async send(marker: TransactionMarker, partitions: PartitionsByTopic): Promise<PartitionsByTopic | 'fenced'> {
    const { byLeader, without: left } = this.#byLeader(partitions)
    const sent = Array.from(byLeader, ([leader, topics]) => this.#sendTo(leader, marker, topics))
    for (const topics of await Promise.all(sent)) {
      for (const { name, partitions: results } of topics) {
        for (const { partitionIndex, errorCode } of results) {
          if (errorCode === ErrorCode.NONE) continue
          if (!passing.has(errorCode)) return 'fenced'
          addPartition(left, name, partitionIndex)
        }
      }
    }
    return left
  }

  #byLeader(partitions: PartitionsByTopic) {
    const image = this.#of.image()
    const byLeader = new Map<number, Map<string, Set<number>>>()
    const without = new Map<string, Set<number>>()
    for (const [topic, indexes] of partitions) {
      for (const index of indexes) {
        const leader = image.topicByName(topic)?.partitions[index]?.leader
        if (leader === undefined) continue
        if (leader < 0) {
          addPartition(without, topic, index)
          continue
        }
        const topics = byLeader.get(leader) ?? new Map<string, Set<number>>()
        byLeader.set(leader, topics)
        addPartition(topics, topic, index)
      }
    }
    return { byLeader, without }
  }

  async #sendTo(
    leader: number,
    { outcome, ...marker }: TransactionMarker,
    partitions: PartitionsByTopic
  ): Promise<readonly { readonly name: string; readonly partitions: readonly PartitionResult[] }[]> {
    const topics = Array.from(partitions, ([name, indexes]) => ({ name, partitionIndexes: [...indexes] }))
    const request = { markers: [{ ...marker, transactionResult: outcome === 'commit', topics }] }
    try {
      const { nodeId, peer } = this.#of
      const { markers } = await (leader === nodeId ? this.write(request) : peer(leader).writeTxnMarkers(request))
      return markers[0]?.topics ?? []
    } catch (error) {
      if (!(error instanceof PeerUnreachable)) throw error
      const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER
      return topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode }))
      }))
    }
  }

  /** Writes markers to partitions that are led here. Resolves when they are committed. */
  async write({ markers }: Request): Promise<WriteTxnMarkersResponse> {
    const written = markers.map(async ({ topics, transactionResult, ...producer }) => {
      const marker: TransactionMarker = { ...producer, outcome: transactionResult ? 'commit' : 'abort' }
      const answers = topics.map(async ({ name, partitionIndexes }) => {
        const partitions = partitionIndexes.map(async (partitionIndex) => {
          return { partitionIndex, errorCode: await this.#writeTo(name, partitionIndex, marker) }
        })
        return { name, partitions: await Promise.all(partitions) }
      })
      return { producerId: producer.producerId, topics: await Promise.all(answers) }
    })
    return { markers: await Promise.all(written) }
  }

  async #writeTo(topic: string, partition: number, marker: TransactionMarker): Promise<ErrorCode> {
    const { groups, hosted: find } = this.#of
    const hosted = find(topic, partition)
    if (hosted.kind === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR
    if (hosted.kind === 'none') return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (topic !== groups.topic.name) return this.#append(hosted.replica, marker)
    // The offsets of groups count with it: their coordinator writes it.
    const coordinator = await groups.at(partition)
    return coordinator?.endTransaction(marker) ?? ErrorCode.NOT_LEADER_OR_FOLLOWER
  }

  async #append(replica: Replica, { transactionVersion, ...marker }: TransactionMarker): Promise<ErrorCode> {
    if (replica.leadership === null) return ErrorCode.NOT_LEADER_OR_FOLLOWER
    const { clock } = this.#of.host
    const append = () => {
      const batch = endTransactionMarker({ ...marker, timestampMs: clock.nowMs() })
      return replica.append(batch, 'coordinator', 'now', { transactionVersion })
    }
    return appendCommitted(replica, append, { clock, timeoutMs: limits.markerCommitMs })
  }
}

function addPartition(topics: Map<string, Set<number>>, topic: string, partition: number): void {
  const partitions = topics.get(topic) ?? new Set<number>()
  topics.set(topic, partitions)
  partitions.add(partition)
}
