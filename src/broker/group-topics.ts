/** The topics of the image, as group coordinators see them. */
import type { GroupTopics } from '../coordination/groups/topic-names.ts'
import type { ClusterImage } from '../coordination/metadata/image.ts'

export function groupTopics(image: () => ClusterImage): GroupTopics {
  return {
    nameOf: (topicId) => image().topicById(topicId)?.name,
    idOf: (name) => image().topicByName(name)?.id,
    exists: (name, partition) => image().topicByName(name)?.partitions[partition] !== undefined,
    partitionCount: (name) => image().topicByName(name)?.partitions.length ?? 0,
    racksOf(name, partition) {
      const replicas = image().topicByName(name)?.partitions[partition]?.replicas ?? []
      return replicas.flatMap((nodeId) => image().broker(nodeId)?.rack ?? [])
    },
    names: () =>
      image()
        .sortedTopics()
        .map(({ name }) => name)
  }
}
