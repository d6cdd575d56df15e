/**
 * `odradek topics list`
 */
import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { globExpression } from '../consume/filter.ts'
import { ExitCode } from '../exit-codes.ts'
import { committedOffsets } from '../group-offsets.ts'
import { printRows, type Row } from '../output.ts'
import { type Bounds, ledPartitions, listAllTopics, partitionBounds, partitionName } from '../partitions.ts'

export const listTopics: CommandDefinition = {
  name: 'list',
  summary: 'list topics with their partitions, replicas and records',
  arguments: [{ name: '[glob]', description: 'only names that match, for example "order*"' }],
  options: [
    { flags: '--internal', description: "Kafka's own topics too" },
    { flags: '--lag', description: 'the lag of each group that reads the topic' }
  ],
  examples: [
    ['odradek topics list', 'all topics'],
    ['odradek topics list --lag', 'with who lags behind, and by how much']
  ],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { args, flags } = invocation
      const expression = globExpression(args[0] ?? '*')
      const all = await listAllTopics(cluster)
      const topics = all.filter(
        (topic) => expression.test(topic.name ?? '') && (flags.has('internal') || !topic.isInternal)
      )
      const bounds = await partitionBounds(
        cluster,
        ledPartitions(topics).filter((one) => one.leader >= 0)
      )
      const lags = flags.has('lag') ? await lagsByTopic(cluster, bounds) : undefined
      const rows = topics.map((topic): Row => {
        const name = topic.name ?? ''
        return {
          topic: name,
          partitions: topic.partitions.length,
          replicas: topic.partitions[0]?.replicaNodes.length ?? 0,
          offsets: ledPartitions([topic]).reduce((sum, one) => sum + widthOf(bounds, partitionName(one)), 0n),
          ...(topic.isInternal ? { internal: true } : {}),
          ...(lags ? { lag: Object.fromEntries(lags.get(name) ?? []) } : {})
        }
      })
      await printRows(invocation, ['topic', 'partitions', 'replicas', 'offsets', ...(lags ? ['lag'] : [])], rows)
      return ExitCode.done
    })
}

/** How many offsets lie between start and end; with holes, more than there are records. */
function widthOf(bounds: ReadonlyMap<string, Bounds>, name: string): bigint {
  const found = bounds.get(name)
  return found ? found.end - found.start : 0n
}

async function lagsByTopic(
  cluster: Cluster,
  bounds: ReadonlyMap<string, Bounds>
): Promise<Map<string, Map<string, bigint>>> {
  const lags = new Map<string, Map<string, bigint>>()
  for (const node of cluster.nodeIds) {
    const { groups } = await cluster.call('ListGroups', node, [], [])
    for (const { groupId } of groups) {
      for (const committed of await committedOffsets(cluster, groupId)) {
        const end = bounds.get(partitionName(committed))?.end
        if (end === undefined) continue
        const byGroup = lags.get(committed.topic) ?? new Map<string, bigint>()
        byGroup.set(groupId, (byGroup.get(groupId) ?? 0n) + end - committed.offset)
        lags.set(committed.topic, byGroup)
      }
    }
  }
  return lags
}
