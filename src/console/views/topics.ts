/** The topics of a cluster as they are at this moment, and one of them in full. */
import type { Cluster, TopicMetadata } from '../../cli/cluster.ts'
import { settingsOf } from '../../cli/configs.ts'
import { describeTopics, findBoundsNow, ledPartitions, listAllTopics, partitionName } from '../../cli/partitions.ts'
import { explainFailure } from '../../cli/present-error.ts'
import type { SettingView, TopicsView, TopicView } from '../wire.ts'

export async function topicsView(cluster: Cluster): Promise<TopicsView> {
  const topics = await listAllTopics(cluster)
  const { bounds } = await findBoundsNow(cluster, ledPartitions(topics), 'uncommitted', 'told at once')
  return {
    atMs: Date.now(),
    topics: topics.map((topic) => {
      const partitions = ledPartitions([topic])
      const known = partitions.flatMap((one) => bounds.get(partitionName(one)) ?? [])
      return {
        name: topic.name ?? '',
        isInternal: topic.isInternal,
        partitions: partitions.length,
        replicas: topic.partitions[0]?.replicaNodes.length ?? 0,
        start: known.reduce((sum, { start }) => sum + Number(start), 0),
        end: known.reduce((sum, { end }) => sum + Number(end), 0),
        unreadable: partitions.length - known.length
      }
    })
  }
}

/** Throws CliError when there is no such topic. */
export async function topicView(cluster: Cluster, name: string): Promise<TopicView> {
  const topic = await oneTopic(cluster, name)
  const { bounds, unreadable } = await findBoundsNow(cluster, ledPartitions([topic]), 'uncommitted', 'told at once')
  return {
    atMs: Date.now(),
    name,
    id: topic.topicId,
    partitions: topic.partitions
      .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
      .map(({ partitionIndex: partition, leaderId, replicaNodes, isrNodes }) => {
        const key = partitionName({ topic: name, partition })
        const found = bounds.get(key)
        const trouble = unreadable.get(key)
        return {
          partition,
          leader: leaderId,
          replicas: replicaNodes,
          inSync: isrNodes,
          start: found === undefined ? null : Number(found.start),
          end: found === undefined ? null : Number(found.end),
          trouble: trouble === undefined ? null : explainFailure(trouble.failure)
        }
      })
  }
}

/** Of all settings, those that were changed first. */
export async function topicSettings(cluster: Cluster, name: string): Promise<SettingView[]> {
  const settings = (await settingsOf(cluster, { kind: 'topic', name }, 'all')).map(
    ({ setting, value, source }): SettingView => ({
      name: String(setting),
      value: value === null || value === undefined ? null : String(value),
      source: String(source)
    })
  )
  const isChanged = ({ source }: SettingView): boolean => source !== 'default'
  return [...settings.filter(isChanged), ...settings.filter((one) => !isChanged(one))]
}

export async function oneTopic(cluster: Cluster, name: string): Promise<TopicMetadata> {
  const [topic] = await describeTopics(cluster, [name])
  if (topic === undefined) throw new Error(`the broker's answer does not mention ${name}`)
  return topic
}
