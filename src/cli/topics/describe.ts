/**
 * `odradek topics describe`
 */

import type { Cluster, TopicMetadata } from '../cluster.ts'
import type { CommandDefinition, Invocation } from '../command.ts'
import { settingsOf } from '../configs.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { isPattern } from '../glob.ts'
import { topicOption } from '../other-names.ts'
import { chosenFormat, printRows, type Row, toJson } from '../output.ts'
import { findBoundsNow, ledPartitions, partitionName } from '../partitions.ts'
import { findTopics } from '../topic-names.ts'
import { errorColumn, errorField, tellUnreadable } from '../unreadable.ts'

export const describeTopic: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: 'the partitions of topics, their leaders, offsets and settings',
  arguments: [{ name: '<topic...>', description: 'one or more topics, or patterns such as "order*"' }],
  options: [
    { flags: '--all-configs', description: 'settings at their default too', synonyms: { '-a': ['--all-configs'] } }
  ],
  synonyms: topicOption,
  examples: [['odradek topics describe orders', 'where each partition lies and how far it goes']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { terminal, args, flags } = invocation
      const topics = await findTopics(cluster, args)
      const { bounds, unreadable } = await findBoundsNow(cluster, ledPartitions(topics))
      const partitionsOf = (topic: TopicMetadata) =>
        topic.partitions
          .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
          .map((partition): Row => {
            const name = partitionName({ topic: topic.name ?? '', partition: partition.partitionIndex })
            const found = bounds.get(name)
            return {
              topic: topic.name ?? null,
              partition: partition.partitionIndex,
              leader: partition.leaderId,
              replicas: partition.replicaNodes,
              inSync: partition.isrNodes,
              start: found?.start ?? null,
              end: found?.end ?? null,
              ...errorField(unreadable, name)
            }
          })
      const described: Described[] = []
      for (const topic of topics) {
        const partitions = partitionsOf(topic)
        const configs = await settingsOfTopic(cluster, topic, flags.has('allConfigs') ? 'all' : 'changed')
        described.push({ topic: topic.name ?? '', id: topic.topicId, partitions, configs })
      }
      const columns = ['partition', 'leader', 'replicas', 'inSync', 'start', 'end', ...errorColumn(unreadable)]
      await print(invocation, columns, described)
      const told = tellUnreadable(unreadable)
      if (told !== undefined) terminal.hint(told)
      return ExitCode.done
    })
}

type Described = {
  readonly topic: string
  readonly id: string
  readonly partitions: readonly Row[]
  readonly configs: readonly Row[]
}

function settingsOfTopic(cluster: Cluster, { name }: TopicMetadata, wanted: 'all' | 'changed'): Promise<Row[]> {
  return settingsOf(cluster, { kind: 'topic', name: name ?? '' }, wanted)
}

/** One topic that was named is one object in JSON; several, or what a pattern found, are a list. */
async function print(invocation: Invocation, columns: readonly string[], topics: readonly Described[]): Promise<void> {
  const { terminal, args } = invocation
  const format = chosenFormat(invocation)
  if (format === 'table') {
    for (const [index, topic] of topics.entries()) {
      if (index > 0) await terminal.write('\n')
      await printTables(invocation, columns, topic)
    }
  } else if (format === 'csv' || format === 'raw') {
    await printRows(
      invocation,
      ['topic', ...columns],
      topics.flatMap(({ partitions }) => partitions)
    )
  } else if (format === 'json' && args.length === 1 && !args.some(isPattern)) {
    await terminal.write(`${toJson(topics[0], 2)}\n`)
  } else await printRows(invocation, [], topics)
}

async function printTables(invocation: Invocation, columns: readonly string[], topic: Described): Promise<void> {
  const { terminal } = invocation
  await terminal.write(`${terminal.out.bold(topic.topic)}  id ${topic.id}\n\n`)
  await printRows(invocation, columns, topic.partitions)
  await terminal.write('\n')
  if (topic.configs.length > 0) await printRows(invocation, ['setting', 'value', 'source'], topic.configs)
  else await terminal.write('all settings at their default\n')
}
