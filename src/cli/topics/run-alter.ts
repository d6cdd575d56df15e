/**
 * Runs `topics alter`: refuses settings that a topic does not have, adds partitions, changes settings.
 */

import { CliError, wrongUsage } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { topicSettingNames } from '../configs.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseConfigs, parseCount } from '../human-values.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { shellWord } from '../own-name.ts'
import { describeTopics, failureOf } from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { didYouMean } from '../similar.ts'

const topicResource = 2
const operation = { set: 0, delete: 1 } as const

export function runAlter(invocation: Invocation): Promise<ExitCode> {
  return withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal } = invocation
    const [name = ''] = args
    const partitions = flags.parsed('partitions', parseCount)
    const changes = [
      ...Object.entries(parseConfigs(flags.list('config'))).map(
        ([key, value]) => ({ name: key, configOperation: operation.set, value }) as const
      ),
      ...flags.list('deleteConfig').map((key) => ({ name: key, configOperation: operation.delete }) as const)
    ]
    if (partitions === undefined && changes.length === 0) {
      throw wrongUsage(
        'nothing to change was given',
        'say --partitions, --config or --delete-config',
        `odradek topics alter ${shellWord(name)} -c retention.ms=7d   (for example)`
      )
    }
    await describeTopics(cluster, [name])
    if (changes.length > 0)
      await refuseUnknown(
        cluster,
        name,
        changes.map((change) => change.name)
      )
    if (partitions !== undefined) {
      await addPartitions(cluster, name, partitions)
      terminal.hint(`${name} has ${counted(partitions, 'partition')}`)
    }
    if (changes.length > 0) {
      await cluster
        .call(
          'IncrementalAlterConfigs',
          'any',
          [{ resourceType: topicResource, resourceName: name, configs: changes }],
          false
        )
        .catch((error: unknown) => {
          throw notChanged(name, error)
        })
      terminal.hint(`${name}: ${changes.map((change) => change.name).join(', ')} changed`)
    }
    return ExitCode.done
  })
}

/** A broker takes the removal of a setting that does not exist for done (ConfigCommand refuses it: "Invalid config(s)"). */
async function refuseUnknown(cluster: Cluster, topic: string, names: readonly string[]): Promise<void> {
  const known = await topicSettingNames(cluster, topic)
  const unknown = names.filter((name) => known?.includes(name) === false)
  const [first] = unknown
  if (known === undefined || first === undefined) return
  throw new CliError({
    what: `a topic has no setting ${unknown.map((name) => `"${name}"`).join(', ')}; nothing was changed`,
    why: `${didYouMean(first, known)}the broker does not know ${unknown.length === 1 ? 'it' : 'them'}`,
    next: `odradek topics describe ${topic} --all-configs`
  })
}

async function addPartitions(cluster: Cluster, name: string, count: number): Promise<void> {
  const request = [{ name, count, assignments: null }]
  const { results } = await cluster.answer('CreatePartitions', 'controller', request, cluster.timeoutMs, false)
  const [result] = results
  if (!result || result.errorCode === 0) return
  const failure = failureOf(cluster, result.errorCode, result.errorMessage)
  throw new CliError({
    what: `topic "${name}" did not get ${counted(count, 'partition')}`,
    why: explainFailure(failure),
    next: `odradek topics describe ${name}`,
    exitCode: exitCodeOf(failure)
  })
}

function notChanged(name: string, cause: unknown): CliError {
  const failure = kafkaFailure(cause)
  return new CliError({
    what: `the settings of topic "${name}" were not changed`,
    why: failure ? explainFailure(failure) : String(cause),
    next: `odradek topics describe ${name} --all-configs`,
    exitCode: failure ? exitCodeOf(failure) : ExitCode.failed,
    cause
  })
}
