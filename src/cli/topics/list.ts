/**
 * `odradek topics list`
 */
import { type CliError, wrongUsage } from '../cli-error.ts'
import type { Cluster, TopicMetadata } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { hintIfEmpty } from '../empty-list.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression } from '../glob.ts'
import type { OutputFormat } from '../global-options.ts'
import { committedOffsets } from '../group-offsets.ts'
import { everyGroup } from '../groups/every-group.ts'
import { lagOf } from '../groups/lag.ts'
import { type Cell, chosenFormat, printRows, type Row } from '../output.ts'
import { type Bounds, findBoundsNow, ledPartitions, listAllTopics, partitionName } from '../partitions.ts'
import { tellUnreadable } from '../unreadable.ts'

export const listTopics: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list topics with their partitions, replicas and offsets',
  notes: `Offsets are counted from a topic's start to its end: as many as records, or
more where compaction or transactions left holes.`,
  arguments: [{ name: '[glob]', description: 'only names that match, for example "order*"' }],
  options: [
    { flags: '--internal', description: "Kafka's own topics too" },
    { flags: '--lag', description: 'the lag of each group that reads the topic' }
  ],
  examples: [
    ['odradek topics list', 'all topics'],
    ['odradek topics list --lag', 'with who lags behind, and by how much']
  ],
  run: (invocation) => {
    const { args, flags } = invocation
    // In brackets it is one letter of several.
    if (/^[^[]*,/.test(args[0] ?? '')) throw severalListed(args[0] ?? '')
    return withCluster(invocation.global, async (cluster) => {
      const expression = globExpression(args[0] ?? '*')
      const all = await listAllTopics(cluster)
      const isListed = (topic: TopicMetadata) => flags.has('internal') || !topic.isInternal
      const topics = all.filter((topic) => expression.test(topic.name ?? '') && isListed(topic))
      const { bounds, unreadable } = await findBoundsNow(cluster, ledPartitions(topics))
      const lags = flags.has('lag') ? await lagsByTopic(cluster, bounds) : undefined
      const rows = topics.map((topic): Row => {
        const name = topic.name ?? ''
        const unread = ledPartitions([topic]).filter((one) => unreadable.has(partitionName(one)))
        return {
          topic: name,
          partitions: topic.partitions.length,
          replicas: topic.partitions[0]?.replicaNodes.length ?? 0,
          offsets: ledPartitions([topic]).reduce((sum, one) => sum + widthOf(bounds, partitionName(one)), 0n),
          ...(unread.length > 0 ? { unreadable: unread.map((one) => one.partition) } : {}),
          ...(topic.isInternal ? { internal: true } : {}),
          ...(lags ? { lag: lagCell(lags.get(name) ?? new Map(), chosenFormat(invocation)) } : {})
        }
      })
      const more = [...(unreadable.size > 0 ? ['unreadable'] : []), ...(lags ? ['lag'] : [])]
      await printRows(invocation, ['topic', 'partitions', 'replicas', 'offsets', ...more], rows)
      hintIfEmpty(invocation, 'topic', { shown: rows.length, all: all.filter(isListed).length })
      const told = tellUnreadable(unreadable)
      if (told !== undefined) invocation.terminal.hint(told)
      return ExitCode.done
    })
  }
}

function severalListed(typed: string): CliError {
  return wrongUsage(
    `"${typed}" matches no topic: no name has a comma in it`,
    'several are listed by a pattern, for example "order*", or all of them without',
    'odradek topics list'
  )
}

/** How many offsets lie between start and end; with holes, more than there are records. */
function widthOf(bounds: ReadonlyMap<string, Bounds>, name: string): bigint {
  const found = bounds.get(name)
  return found ? found.end - found.start : 0n
}

/** For a person `readers 0, writers 3`; for programs by group. */
export function lagCell(byGroup: ReadonlyMap<string, bigint>, format: OutputFormat): Cell {
  if (format !== 'table') return Object.fromEntries(byGroup)
  return byGroup.size === 0 ? '-' : [...byGroup].map(([group, lag]) => `${group} ${lag}`).join(', ')
}

async function lagsByTopic(
  cluster: Cluster,
  bounds: ReadonlyMap<string, Bounds>
): Promise<Map<string, Map<string, bigint>>> {
  const lags = new Map<string, Map<string, bigint>>()
  for (const { group } of await everyGroup(cluster)) {
    for (const committed of await committedOffsets(cluster, group)) {
      const found = bounds.get(partitionName(committed))
      if (found === undefined) continue
      const byGroup = lags.get(committed.topic) ?? new Map<string, bigint>()
      byGroup.set(group, (byGroup.get(group) ?? 0n) + lagOf(committed.offset, found))
      lags.set(committed.topic, byGroup)
    }
  }
  return lags
}
