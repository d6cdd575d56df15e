/** Makes a topic, and says what is wrong with it in the broker's words and ours. */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { failureOf } from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { didYouMean } from '../similar.ts'
import { topicSettings } from './setting-names.ts'

const alreadyExists = 36
const invalidPartitions = 37
const invalidReplicationFactor = 38
const invalidConfig = 40

export interface NewTopic {
  readonly name: string
  /** Undefined: the broker's default. */
  readonly partitions: number | undefined
  readonly replicas: number | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** How many partitions it has. Throws CliError where it is not made; `exists already` where `existing` is to be left alone. */
export async function makeTopic(
  cluster: Cluster,
  { name, partitions, replicas, settings }: NewTopic,
  existing: 'is an error' | 'is left alone'
): Promise<number | 'exists already'> {
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
  const sizes = { numPartitions: partitions ?? -1, replicationFactor: replicas ?? -1 }
  const request = { name, ...sizes, assignments: [], configs }
  const { topics } = await cluster.answer('CreateTopics', 'controller', [request], cluster.timeoutMs, false)
  const [created] = topics
  const code = created?.errorCode ?? -1
  if (code === 0) return created?.numPartitions ?? 0
  if (code === alreadyExists && existing === 'is left alone') return 'exists already'
  const failure = failureOf(cluster, code, created?.errorMessage)
  throw new CliError({
    what: `topic "${name}" was not created`,
    why: explainFailure(failure, code === invalidConfig ? meantSetting(Object.keys(settings)) : undefined),
    next: whatToTry(code, name),
    exitCode: exitCodeOf(failure)
  })
}

function whatToTry(code: number, name: string): string | undefined {
  if (code === alreadyExists) return `odradek topics describe ${name}`
  if (code === invalidPartitions) return `odradek topics create ${name} -p 3`
  if (code === invalidReplicationFactor) {
    return `odradek topics create ${name}   (without -r the broker chooses)`
  }
  return undefined
}

/** A broker names the setting that it does not know, and none that it does. */
function meantSetting(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !topicSettings.includes(name))
  const meant = unknown === undefined ? '' : didYouMean(unknown, topicSettings)
  return meant === '' ? undefined : meant.trim()
}
