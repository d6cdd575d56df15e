/** Where partitions end, whoever leads them: up to there consumers can read (Kafka: PartitionMetadataClient.listLatestOffsets). */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type LogEnds, type Peer, PeerUnreachable } from './peer.ts'

export interface LatestOffsetsOptions {
  readonly nodeId: number
  readonly image: () => ClusterImage
  readonly peer: (nodeId: number) => Peer
  /** Of what is led here. */
  readonly here: (of: Parameters<Peer['logEnds']>[0]) => LogEnds | { readonly error: ErrorCode }
}

export class LatestOffsets {
  readonly #options: LatestOffsetsOptions

  constructor(options: LatestOffsetsOptions) {
    this.#options = options
  }

  async of(topicId: string, partition: number): Promise<number | { readonly error: ErrorCode }> {
    const { nodeId, image, peer, here } = this.#options
    const registered = image().topicById(topicId)?.partitions[partition]
    if (registered === undefined) return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
    const { leader, leaderEpoch } = registered
    if (leader < 0) return { error: ErrorCode.LEADER_NOT_AVAILABLE }
    const asked = { topicId, partition, leaderEpoch }
    try {
      const ends = leader === nodeId ? here(asked) : await peer(leader).logEnds(asked)
      return 'error' in ends ? ends : ends.highWatermark
    } catch (error) {
      if (error instanceof PeerUnreachable) return { error: ErrorCode.NOT_LEADER_OR_FOLLOWER }
      throw error
    }
  }
}
