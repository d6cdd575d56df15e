/**
 * Runs `topics create`: asks for the topic, and says what is wrong with it in the broker's words and ours.
 */

import { CliError } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseConfigs, parseCount } from '../human-values.ts'
import { failureOf } from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { didYouMean } from '../similar.ts'
import { topicSettings } from './setting-names.ts'

const alreadyExists = 36
const invalidPartitions = 37
const invalidReplicationFactor = 38
const invalidConfig = 40

export function runCreate(invocation: Invocation): Promise<ExitCode> {
  return withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal } = invocation
    const [name = ''] = args
    const configs = Object.entries(parseConfigs(flags.list('config')))
    const request = {
      name,
      numPartitions: flags.parsed('partitions', parseCount) ?? -1,
      replicationFactor: flags.parsed('replicationFactor', parseCount) ?? -1,
      assignments: [],
      configs: configs.map(([key, value]) => ({ name: key, value }))
    }
    const { topics } = await cluster.answer('CreateTopics', 'controller', [request], cluster.timeoutMs, false)
    const [created] = topics
    const code = created?.errorCode ?? -1
    if (code === 0) {
      const partitions = created?.numPartitions ?? 0
      terminal.hint(`created ${name} (${counted(partitions, 'partition')})`)
    } else if (code === alreadyExists && flags.has('ifNotExists')) terminal.hint(`${name} exists already`)
    else {
      const failure = failureOf(cluster, code, created?.errorMessage)
      throw new CliError({
        what: `topic "${name}" was not created`,
        why: explainFailure(failure, code === invalidConfig ? meantSetting(configs.map(([key]) => key)) : undefined),
        next: whatToTry(code, name),
        exitCode: exitCodeOf(failure)
      })
    }
    return ExitCode.done
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
