/**
 * The offsets a group has committed.
 */

import { CliError } from './cli-error.ts'
import type { Cluster } from './cluster.ts'
import { failureOf, partitionName } from './partitions.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export async function committedOffsets(cluster: Cluster, group: string): Promise<CommittedOffset[]> {
  const coordinator = await cluster.coordinator(group)
  const request = [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }]
  const { groups } = await cluster.call('OffsetFetch', coordinator, request, false)
  const [found] = groups
  if (found && found.errorCode !== 0) {
    const failure = failureOf(cluster, found.errorCode)
    throw new CliError({
      what: `the offsets of group "${group}" cannot be read`,
      why: explainFailure(failure),
      exitCode: exitCodeOf(failure)
    })
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
