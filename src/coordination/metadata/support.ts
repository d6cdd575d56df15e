/**
 * Whether one broker can serve what the metadata says. A real Kafka may have left more than there is here: replicas on other
 * nodes, several directories, records of a later version. Then nothing is served, and nothing is changed: half of a cluster
 * is worse than none.
 */
import type { ClusterImage, PartitionImage, TopicImage } from './image.ts'

/** The metadata speaks of what is not there in this version. The message is the reason, half a sentence. */
export class UnsupportedMetadata extends Error {
  override readonly name = 'UnsupportedMetadata'
}

/** The oldest metadata.version that Kafka 4 reads (3.3-IV3), and the newest that is known here (4.4-IV2). */
export const metadataVersions = { lowest: 7, highest: 33 } as const

/** Ids that stand for no directory in particular (Kafka: DirectoryId.UNASSIGNED and MIGRATING). */
const anyDirectory: ReadonlySet<string> = new Set(['AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAg'])

export interface Node {
  readonly nodeId: number
  readonly directoryId: string
}

/** Why this node cannot serve the cluster, as half a sentence; null when it can. */
export function objectionToCluster(image: ClusterImage, node: Node): string | null {
  return objectionToVersion(image) ?? objectionToControllers(image, node) ?? objectionToTopics(image, node)
}

function objectionToVersion(image: ClusterImage): string | null {
  const version = image.metadataVersion
  const { lowest, highest } = metadataVersions
  if (version < 0) return image.topicCount === 0 ? null : 'the cluster metadata has topics and no metadata.version'
  if (version >= lowest && version <= highest) return null
  return `the cluster has metadata.version ${version}, and this version serves ${lowest} to ${highest}`
}

function objectionToControllers(image: ClusterImage, { nodeId }: Node): string | null {
  const other = [...image.controllers].find((id) => id !== nodeId)
  return other === undefined ? null : `the cluster has its controller on node ${other}, and this is node ${nodeId}`
}

function objectionToTopics(image: ClusterImage, node: Node): string | null {
  for (const topic of image.topics()) {
    if (image.topicConfig(topic.name).get('remote.storage.enable') === 'true') {
      return `topic ${topic.name} keeps records in remote storage (remote.storage.enable)`
    }
    for (const partition of topic.partitions) {
      const objection = objectionToPartition(topic, partition, node)
      if (objection !== null) return objection
    }
  }
  return null
}

function objectionToPartition(
  topic: TopicImage,
  partition: PartitionImage,
  { nodeId, directoryId }: Node
): string | null {
  const name = `${topic.name}-${partition.partitionId}`
  const other = partition.replicas.find((id) => id !== nodeId)
  if (other !== undefined) return `${name} has a replica on node ${other}, and this is node ${nodeId}`
  const elsewhere = partition.directories.find((id) => id !== directoryId && !anyDirectory.has(id))
  if (elsewhere === undefined) return null
  return `${name} lies in another log directory (${elsewhere}; this one is ${directoryId} by its meta.properties)`
}
