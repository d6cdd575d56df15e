/**
 * `odradek topics describe`
 */

import type { CommandDefinition } from '../command.ts'
import { settingsOf } from '../configs.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { topicOption } from '../other-names.ts'
import { chosenFormat, printRows, type Row, toJson } from '../output.ts'
import { describeTopics, findBoundsNow, ledPartitions, partitionName } from '../partitions.ts'
import { errorColumn, errorField, tellUnreadable } from '../unreadable.ts'

export const describeTopic: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: "a topic's partitions, leaders, offsets and settings",
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [
    { flags: '--all-configs', description: 'settings at their default too', synonyms: { '-a': ['--all-configs'] } }
  ],
  synonyms: topicOption,
  examples: [['odradek topics describe orders', 'where each partition lies and how far it goes']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { terminal, args, flags } = invocation
      const topics = await describeTopics(cluster, args)
      const { bounds, unreadable } = await findBoundsNow(cluster, ledPartitions(topics))
      const rows = topics.flatMap((topic) =>
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
      )
      const configs = await settingsOf(
        cluster,
        { kind: 'topic', name: args[0] ?? '' },
        flags.has('allConfigs') ? 'all' : 'changed'
      )
      const columns = ['partition', 'leader', 'replicas', 'inSync', 'start', 'end', ...errorColumn(unreadable)]
      if (chosenFormat(invocation) === 'table') {
        await terminal.write(`${terminal.out.bold(args[0] ?? '')}  id ${topics[0]?.topicId}\n\n`)
        await printRows(invocation, columns, rows)
        await terminal.write('\n')
        if (configs.length > 0) await printRows(invocation, ['setting', 'value', 'source'], configs)
        else await terminal.write('all settings at their default\n')
      } else if (chosenFormat(invocation) === 'csv' || chosenFormat(invocation) === 'raw') {
        await printRows(invocation, ['topic', ...columns], rows)
      } else {
        const whole: Row = { topic: args[0] ?? '', id: topics[0]?.topicId ?? null, partitions: rows, configs }
        if (chosenFormat(invocation) === 'json') await terminal.write(`${toJson(whole, 2)}\n`)
        else await printRows(invocation, [], [whole])
      }
      const told = tellUnreadable(unreadable)
      if (told !== undefined) terminal.hint(told)
      return ExitCode.done
    })
}
