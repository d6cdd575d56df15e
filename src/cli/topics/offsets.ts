/**
 * `odradek topics offsets`: where each partition starts and ends, or which offset a point in time has.
 */
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartitions, parseTimestampMs } from '../human-values.ts'
import { printRows, type Row } from '../output.ts'
import { describeTopics, ledPartitions, listOffsets, partitionBounds, partitionName } from '../partitions.ts'

export const topicOffsets: CommandDefinition = {
  name: 'offsets',
  summary: 'where the partitions of topics start and end',
  arguments: [{ name: '<topic...>', description: 'one or more topics' }],
  options: [
    {
      flags: '--at <time>',
      description: 'also the first offset not older than this, for example -1h or 2026-11-23T18:00'
    },
    { flags: '-P, --partitions <list>', description: 'only these, for example 0 or 0,2-4' }
  ],
  examples: [['odradek topics offsets orders --at -1h', 'where the last hour begins']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { args, flags } = invocation
      const atMs = flags.parsed('at', (text) => parseTimestampMs(text.replace(/^@/, ''), Date.now()))
      const topics = await describeTopics(cluster, [...new Set(args)])
      const partitions = ledPartitions(topics, flags.parsed('partitions', parsePartitions))
      const bounds = await partitionBounds(cluster, partitions)
      const atTime = atMs === undefined ? undefined : await listOffsets(cluster, partitions, BigInt(Math.max(0, atMs)))
      const rows = partitions.map((partition): Row => {
        const name = partitionName(partition)
        const { start, end } = bounds.get(name) ?? { start: 0n, end: 0n }
        const found = atTime?.get(name) ?? -1n
        return {
          topic: partition.topic,
          partition: partition.partition,
          start,
          end,
          ...(atTime ? { at: found < 0n ? end : found } : {})
        }
      })
      await printRows(invocation, ['topic', 'partition', 'start', 'end', ...(atTime ? ['at'] : [])], rows)
      return ExitCode.done
    })
}
