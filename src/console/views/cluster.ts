/** The brokers of a cluster, and what each of them leads and keeps. */
import type { Cluster } from '../../cli/cluster.ts'
import type { ClusterView } from '../wire.ts'

export async function clusterView(
  cluster: Cluster,
  told: Pick<ClusterView, 'bootstrap' | 'isReadOnly'>
): Promise<ClusterView> {
  const { brokers, clusterId, controllerId, topics } = await cluster.metadata(undefined, 'leave')
  const partitions = topics.flatMap((topic) => topic.partitions)
  return {
    ...told,
    clusterId: clusterId ?? null,
    controllerId,
    brokers: brokers
      .toSorted((one, other) => one.nodeId - other.nodeId)
      .map(({ nodeId: id, host, port, rack }) => ({
        ...{ id, host, port, rack: rack ?? null },
        leads: partitions.filter(({ leaderId }) => leaderId === id).length,
        copies: partitions.filter(({ replicaNodes }) => replicaNodes.includes(id)).length
      }))
  }
}
