/**
 * `odradek topics describe`
 */
import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { chosenFormat, printRows, type Row, toJson } from '../output.ts'
import { describeTopics, failureOf, ledPartitions, partitionBounds, partitionName } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'

/** Where a setting comes from, by Kafka's number; 5 is the built-in default. */
const sources: readonly string[] = ['unknown', 'topic', 'dynamic broker', 'dynamic default', 'static broker', 'default']

export const describeTopic: CommandDefinition = {
  name: 'describe',
  summary: "a topic's partitions, leaders, offsets and settings",
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [{ flags: '--all-configs', description: 'settings at their default too' }],
  examples: [['odradek topics describe orders', 'where each partition lies and how far it goes']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { terminal, args, flags } = invocation
      const topics = await describeTopics(cluster, args)
      const partitions = ledPartitions(topics)
      const bounds = await partitionBounds(
        cluster,
        partitions.filter((one) => one.leader >= 0)
      )
      const rows = topics.flatMap((topic) =>
        topic.partitions
          .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
          .map((partition): Row => {
            const found = bounds.get(partitionName({ topic: topic.name ?? '', partition: partition.partitionIndex }))
            return {
              topic: topic.name ?? null,
              partition: partition.partitionIndex,
              leader: partition.leaderId,
              replicas: partition.replicaNodes,
              inSync: partition.isrNodes,
              start: found?.start ?? null,
              end: found?.end ?? null
            }
          })
      )
      const configs = await configsOf(cluster, args[0] ?? '', flags.has('allConfigs') ? 'all' : 'changed')
      if (chosenFormat(invocation) === 'table') {
        await terminal.write(`${terminal.out.bold(args[0] ?? '')}  id ${topics[0]?.topicId}\n\n`)
        await printRows(invocation, ['partition', 'leader', 'replicas', 'inSync', 'start', 'end'], rows)
        await terminal.write('\n')
        if (configs.length > 0) await printRows(invocation, ['setting', 'value', 'source'], configs)
        else await terminal.write('all settings at their default\n')
      } else if (chosenFormat(invocation) === 'csv' || chosenFormat(invocation) === 'raw') {
        await printRows(invocation, ['topic', 'partition', 'leader', 'replicas', 'inSync', 'start', 'end'], rows)
      } else {
        const whole: Row = { topic: args[0] ?? '', id: topics[0]?.topicId ?? null, partitions: rows, configs }
        if (chosenFormat(invocation) === 'json') await terminal.write(`${toJson(whole, 2)}\n`)
        else await printRows(invocation, [], [whole])
      }
      return ExitCode.done
    })
}

const topicResource = 2

async function configsOf(cluster: Cluster, topic: string, wanted: 'all' | 'changed'): Promise<Row[]> {
  const resources = [{ resourceType: topicResource, resourceName: topic, configurationKeys: null }] as const
  const { results } = await cluster.answer('DescribeConfigs', 'any', [...resources], false, false)
  const [found] = results
  if (found && found.errorCode !== 0) {
    return [{ setting: '(cannot be read)', value: explainFailure(failureOf(cluster, found.errorCode)), source: '' }]
  }
  return (found?.configs ?? [])
    .filter((config) => wanted === 'all' || config.configSource !== 5)
    .map((config) => ({
      setting: config.name,
      value: config.isSensitive ? '(hidden)' : (config.value ?? null),
      source: sources[config.configSource] ?? 'unknown'
    }))
}
