/**
 * Which replica a consumer should read from: the one near it (KIP-392). Off unless `replica.selector.class` names Kafka's
 * RackAwareReplicaSelector, whose choice this is. The consumer goes on at that broker, which serves it up to the high watermark.
 */
import type { Broker } from './broker.ts'
import { isAlive } from './described-brokers.ts'
import type { FetchPartition } from './fetch-sessions.ts'
import type { Replica } from './replication/replica.ts'

/** A follower in sync that has the offset that the consumer asks for (Kafka: ReplicaView). */
export interface NearReplica {
  readonly nodeId: number
  readonly rack: string | null
  readonly logEndOffset: number
  /** For how long it has not had all that the leader has. */
  readonly lagMs: number
}

/** Null where the consumer is to stay with the leader. */
export function selectByRack(
  rack: string,
  leaderRack: string | null,
  followers: readonly NearReplica[]
): number | null {
  if (rack === '' || leaderRack === rack) return null
  const near = followers.filter((follower) => follower.rack === rack).sort(furthestFirst)
  return near[0]?.nodeId ?? null
}

function furthestFirst(one: NearReplica, other: NearReplica): number {
  return other.logEndOffset - one.logEndOffset || one.lagMs - other.lagMs || other.nodeId - one.nodeId
}

/** Where the leader sends a consumer of this rack (ReplicaManager.findPreferredReadReplica). */
export function preferredReadReplica(
  broker: Broker,
  { leadership }: Replica,
  { fetchOffset }: FetchPartition,
  rack: string
): number | null {
  if (rack === '' || leadership === null || leadership.isAlone || !broker.config.hasRackAwareReplicas) return null
  const followers = leadership
    .inSyncCopiesWith(fetchOffset, broker.host.clock.monotonicMs())
    .filter(({ nodeId }) => isAlive(broker, nodeId))
    .map((copy) => ({ ...copy, rack: broker.rackOf(copy.nodeId) }))
  return selectByRack(rack, broker.rackOf(broker.nodeId), followers)
}
