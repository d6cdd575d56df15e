/**
 * Settings of a topic or a broker, with where each comes from.
 */
import type { Cluster } from './cluster.ts'
import type { Row } from './output.ts'
import { failureOf } from './partitions.ts'
import { explainFailure } from './present-error.ts'

export type ConfigSubject =
  | { readonly kind: 'topic'; readonly name: string }
  | { readonly kind: 'broker'; readonly id: number }

const topicResource = 2 as const
const brokerResource = 4 as const
/** Where a setting comes from, by Kafka's number. */
const sources: readonly string[] = [
  'unknown',
  'topic',
  'dynamic broker',
  'dynamic, all brokers',
  'static broker',
  'default'
]
const builtIn = 5

/** Each setting the broker knows for a topic; undefined when it does not tell. */
export async function topicSettingNames(cluster: Cluster, topic: string): Promise<readonly string[] | undefined> {
  const resource = { resourceType: topicResource, resourceName: topic, configurationKeys: null }
  const { results } = await cluster.answer('DescribeConfigs', 'any', [resource], false, false)
  const [found] = results
  return found?.errorCode === 0 ? found.configs.map((config) => config.name) : undefined
}

export async function settingsOf(cluster: Cluster, subject: ConfigSubject, wanted: 'all' | 'changed'): Promise<Row[]> {
  const resource =
    subject.kind === 'topic'
      ? { resourceType: topicResource, resourceName: subject.name, configurationKeys: null }
      : { resourceType: brokerResource, resourceName: String(subject.id), configurationKeys: null }
  const destination = subject.kind === 'topic' ? 'any' : subject.id
  const { results } = await cluster.answer('DescribeConfigs', destination, [resource], false, false)
  const [found] = results
  if (found && found.errorCode !== 0) {
    return [{ setting: '(cannot be read)', value: explainFailure(failureOf(cluster, found.errorCode)), source: '' }]
  }
  return (found?.configs ?? [])
    .filter((config) => wanted === 'all' || config.configSource !== builtIn)
    .map((config) => ({
      setting: config.name,
      value: config.isSensitive ? '(hidden)' : (config.value ?? null),
      source: sources[config.configSource] ?? 'unknown'
    }))
}
