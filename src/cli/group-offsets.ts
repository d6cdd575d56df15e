/**
 * The offsets a group has committed.
 */

import type { Cluster } from './cluster.ts'
import { whileCoordinatorMoves } from './coordinator-moves.ts'
import { partitionName } from './partitions.ts'
import { refusedIn } from './refused-in.ts'

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export async function committedOffsets(cluster: Cluster, group: string): Promise<CommittedOffset[]> {
  const request = [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }]
  const ask = async () => cluster.answer('OffsetFetch', await cluster.coordinator(group), request, false)
  const [found] = (await whileCoordinatorMoves(cluster, ask, ({ groups: [one] }) => one?.errorCode)).groups
  if (found && found.errorCode !== 0) {
    throw refusedIn(cluster, found.errorCode, `the offsets of group "${group}" cannot be read`)
  }
  return (found?.topics ?? []).flatMap((topic) =>
    topic.partitions
      .filter((partition) => partition.committedOffset >= 0n)
      .map((partition) => ({
        topic: topic.name,
        partition: partition.partitionIndex,
        offset: partition.committedOffset
      }))
  )
}

export async function committedByPartition(cluster: Cluster, group: string): Promise<Map<string, bigint>> {
  const committed = await committedOffsets(cluster, group)
  return new Map(committed.map((one) => [partitionName(one), one.offset]))
}
