/**
 * `odradek brokers describe`: a broker's directories with what lies in them, and its settings.
 */
import type { Cluster, TopicMetadata } from '../cluster.ts'
import type { CommandDefinition, Invocation } from '../command.ts'
import { settingsOf } from '../configs.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { chosenFormat, formatTable, printRows, type Row, toJson } from '../output.ts'
import { failureOf } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import { parseBrokerId, untoldBroker } from './broker-id.ts'
import type { ServedBroker } from './door/requests.ts'

export const describeBroker: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: "a broker's directories, their partitions and bytes, and its settings",
  arguments: [{ name: '<id>', description: 'the broker, by the number that brokers list shows' }],
  options: [{ flags: '--all-configs', description: 'settings at their default too' }],
  examples: [['odradek brokers describe 1', 'where its data lies, and what was set']],
  async run(invocation) {
    const id = parseBrokerId(invocation.args[0] ?? '')
    const { servedBrokers } = await import('./served.ts')
    const { brokers, reachable } = await servedBrokers(invocation.global)
    const served = brokers.find((one) => one.id === id)
    if (reachable === undefined || served?.isRunning === false) throw untoldBroker(id, brokers, [])
    await withCluster(reachable, (cluster) => describe(invocation, cluster, id, brokers))
    return ExitCode.done
  }
}

async function describe(
  invocation: Invocation,
  cluster: Cluster,
  id: number,
  served: readonly ServedBroker[]
): Promise<void> {
  const { flags, terminal } = invocation
  const { brokers, clusterId, topics } = await cluster.metadata(undefined, 'leave')
  const broker = brokers.find((one) => one.nodeId === id)
  const told = brokers.map((one) => one.nodeId)
  if (!broker) throw untoldBroker(id, served, told)
  const address = `${broker.host}:${broker.port}`
  const directories = await directoriesOf(cluster, id, topics)
  const configs = await settingsOf(cluster, { kind: 'broker', id }, flags.has('allConfigs') ? 'all' : 'changed')
  const format = chosenFormat(invocation)
  const columns = ['directory', 'partitions', 'bytes', 'error']
  if (format === 'table') {
    const { bold } = terminal.out
    await terminal.write(`${bold(`broker ${id}`)}  ${address}, cluster ${clusterId ?? '-'}\n\n`)
    await terminal.write(`${formatTable(columns, directories, bold, terminal.columns)}\n`)
    if (configs.length > 0)
      await terminal.write(formatTable(['setting', 'value', 'source'], configs, bold, terminal.columns))
    else await terminal.write('all settings at their default\n')
  } else if (format === 'csv' || format === 'raw') await printRows(invocation, columns, directories)
  else {
    const whole: Row = { broker: id, address, cluster: clusterId ?? null, directories, configs }
    if (format === 'json') await terminal.write(`${toJson(whole, 2)}\n`)
    else await printRows(invocation, [], [whole])
  }
}

async function directoriesOf(cluster: Cluster, id: number, all: readonly TopicMetadata[]): Promise<Row[]> {
  const asked = all.map((topic) => ({
    name: topic.name ?? '',
    partitions: topic.partitions.map((partition) => partition.partitionIndex)
  }))
  const { results } = await cluster.answer('DescribeLogDirs', id, asked)
  return results.map(({ logDir, errorCode, topics }): Row => {
    const partitions = topics.flatMap((topic) => topic.partitions)
    return {
      directory: logDir,
      partitions: partitions.length,
      bytes: partitions.reduce((sum, partition) => sum + partition.partitionSize, 0n),
      error: errorCode === 0 ? null : explainFailure(failureOf(cluster, errorCode))
    }
  })
}
