/**
 * `odradek topics offsets`: where each partition starts and ends, or which offset a point in time has.
 */

import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartitions, parseTimestampMs } from '../human-values.ts'
import { partitionOption, topicOption } from '../other-names.ts'
import { printRows, type Row } from '../output.ts'
import { findBoundsNow, ledPartitions, listOffsets, partitionName } from '../partitions.ts'
import { findTopics } from '../topic-names.ts'
import { errorColumn, errorField, tellUnreadable } from '../unreadable.ts'

export const topicOffsets: CommandDefinition = {
  name: 'offsets',
  summary: 'where the partitions of topics start and end',
  arguments: [{ name: '<topic...>', description: 'one or more topics, or patterns such as "order*"' }],
  options: [
    {
      flags: '--at <time>',
      description: 'also the first offset not older than this, for example -1h or 2026-11-23T18:00'
    },
    {
      flags: '-P, --partitions <list>',
      description: 'only these, for example 0 or 0,2-4',
      synonyms: partitionOption
    }
  ],
  synonyms: topicOption,
  examples: [['odradek topics offsets orders --at -1h', 'where the last hour begins']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { args, flags } = invocation
      const atMs = flags.parsed('at', (text) => parseTimestampMs(text, Date.now()))
      const topics = await findTopics(cluster, args)
      const partitions = ledPartitions(topics, flags.parsed('partitions', parsePartitions))
      const { bounds, unreadable } = await findBoundsNow(cluster, partitions)
      const readable = partitions.filter((one) => bounds.has(partitionName(one)))
      const atTime = atMs === undefined ? undefined : await listOffsets(cluster, readable, BigInt(Math.max(0, atMs)))
      const rows = partitions.map((partition): Row => {
        const name = partitionName(partition)
        const { start, end } = bounds.get(name) ?? { start: null, end: null }
        const found = atTime?.get(name) ?? -1n
        return {
          topic: partition.topic,
          partition: partition.partition,
          start,
          end,
          ...(atTime ? { at: found < 0n ? end : found } : {}),
          ...errorField(unreadable, name)
        }
      })
      const more = [...(atTime ? ['at'] : []), ...errorColumn(unreadable)]
      await printRows(invocation, ['topic', 'partition', 'start', 'end', ...more], rows)
      const told = tellUnreadable(unreadable)
      if (told !== undefined) invocation.terminal.hint(told)
      return ExitCode.done
    })
}
