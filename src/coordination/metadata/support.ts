/**
 * Whether the brokers of this process can serve what the metadata says. A real Kafka may have left more than there is here:
 * replicas on other nodes, several directories, records of a later version. Then nothing is served, and nothing is changed:
 * half of a cluster is worse than none.
 */
import { isDirectory } from './directory-id.ts'
import type { ClusterImage, PartitionImage } from './image.ts'

/** The metadata speaks of what is not there in this version. The message is the reason, half a sentence. */
export class UnsupportedMetadata extends Error {
  override readonly name = 'UnsupportedMetadata'
}

/** The oldest metadata.version that Kafka 4 reads (3.3-IV3), and the newest that is known here (4.4-IV2). */
export const metadataVersions = { lowest: 7, highest: 33 } as const

/** A broker that this process runs. */
export interface Node {
  readonly nodeId: number
  readonly directoryId: string
}

/**
 * Why these brokers and this controller, which may be one of them, cannot serve the cluster, as half a sentence; null when they can.
 */
export function objectionToCluster(image: ClusterImage, nodes: readonly Node[], controllerId: number): string | null {
  return (
    objectionToVersion(image) ?? objectionToControllers(image, nodes, controllerId) ?? objectionToTopics(image, nodes)
  )
}

function objectionToVersion(image: ClusterImage): string | null {
  const version = image.metadataVersion
  const { lowest, highest } = metadataVersions
  if (version < 0) return image.topicCount === 0 ? null : 'the cluster metadata has topics and no metadata.version'
  if (version >= lowest && version <= highest) return null
  return `the cluster has metadata.version ${version}, and this version serves ${lowest} to ${highest}`
}

/** A Kafka that had the directories has registered its controllers. */
function objectionToControllers(image: ClusterImage, nodes: readonly Node[], controllerId: number): string | null {
  const other = [...image.controllers].find((id) => id !== controllerId)
  if (other === undefined) return null
  const here = nodes.some(({ nodeId }) => nodeId === controllerId)
    ? whoThisIs(nodes)
    : `here it is node ${controllerId}`
  return `the cluster has its controller on node ${other}, and ${here}`
}

function objectionToTopics(image: ClusterImage, nodes: readonly Node[]): string | null {
  const directoryIds = new Map(nodes.map(({ nodeId, directoryId }) => [nodeId, directoryId]))
  for (const topic of image.topics()) {
    if (image.topicConfig(topic.name).get('remote.storage.enable') === 'true') {
      return `topic ${topic.name} keeps records in remote storage (remote.storage.enable)`
    }
    for (const partition of topic.partitions) {
      const name = `${topic.name}-${partition.partitionId}`
      const other = partition.replicas.find((id) => !directoryIds.has(id))
      if (other !== undefined) return `${name} has a replica on node ${other}, and ${whoThisIs(nodes)}`
      const objection = objectionToDirectories(image, partition, directoryIds)
      if (objection !== null) return `${name} ${objection}`
    }
  }
  return null
}

function objectionToDirectories(
  image: ClusterImage,
  { replicas, directories }: PartitionImage,
  directoryIds: ReadonlyMap<number, string>
): string | null {
  for (const [index, id] of directories.entries()) {
    const nodeId = replicas[index] ?? -1
    const ours = directoryIds.get(nodeId)
    if (isDirectory(id, ours) || (directoryIds.size > 1 && isReplaced(image, nodeId, ours))) continue
    return `lies in another log directory (${id}; this one is ${ours} by its meta.properties)`
  }
  return null
}

/**
 * Whether the broker has another disk than when it registered: what it had is gone, and it says so when it registers with this one
 * (BrokerControl.register). Who registered several directories, this one among them, has a Kafka's records in the others.
 */
function isReplaced(image: ClusterImage, nodeId: number, directoryId: string | undefined): boolean {
  return directoryId !== undefined && image.broker(nodeId)?.directories.includes(directoryId) !== true
}

function whoThisIs(nodes: readonly Node[]): string {
  const ids = nodes.map(({ nodeId }) => nodeId)
  return ids.length === 1 ? `this is node ${ids[0]}` : `these are nodes ${ids.join(', ')}`
}
