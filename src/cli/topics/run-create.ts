/** Runs `topics create`. */
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseConfigs, parseCount } from '../human-values.ts'
import { makeTopic } from './creation.ts'

export function runCreate({ args, flags, terminal, global }: Invocation): Promise<ExitCode> {
  return withCluster(global, async (cluster) => {
    const [name = ''] = args
    const wanted = {
      name,
      partitions: flags.parsed('partitions', parseCount),
      replicas: flags.parsed('replicationFactor', parseCount),
      settings: parseConfigs(flags.list('config'))
    }
    const partitions = await makeTopic(cluster, wanted, flags.has('ifNotExists') ? 'is left alone' : 'is an error')
    if (partitions === 'exists already') terminal.hint(`${name} exists already`)
    else terminal.hint(`created ${name} (${counted(partitions, 'partition')})`)
    return ExitCode.done
  })
}
