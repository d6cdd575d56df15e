/**
 * Runs `topics trim`: shows what would go, asks, and has each leader remove its own.
 */
import { wrongUsage } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { confirmDestruction } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartitions } from '../human-values.ts'
import { parsePlace } from '../offsets.ts'
import { grouped, printRows, type Row } from '../output.ts'
import {
  type Bounds,
  describeTopics,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName,
  resolvePosition
} from '../partitions.ts'

export async function runTrim(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal } = invocation
    const [name = ''] = args
    const before = flags.text('before')
    if (before === undefined) throw wrongUsage('--before is missing', 'say up to where: an offset, @TIME or end')
    const position = parsePlace(before, Date.now(), '--before', 'an offset such as 42, a time such as @-7d, or end')
    const partitions = ledPartitions(await describeTopics(cluster, [name]), flags.parsed('partitions', parsePartitions))
    const bounds = await partitionBounds(cluster, partitions)
    const targets = await resolvePosition(cluster, partitions, position, bounds)
    const rows = partitions.map((partition) => trimRow(partition, bounds, targets))
    const gone = rows.reduce((sum, row) => sum + BigInt(String(row.removed)), 0n)
    await printRows(invocation, ['topic', 'partition', 'start', 'newStart', 'end', 'removed'], rows)
    if (gone === 0n) {
      terminal.hint('nothing to remove')
      return ExitCode.done
    }
    await confirmDestruction(invocation, `remove ${records(gone)} from the topic ${name}`, name)
    await removeBefore(cluster, partitions, targets)
    terminal.hint(`removed ${records(gone)} from ${name}`)
    return ExitCode.done
  })
}

/** In a compacted topic fewer lie between the offsets. */
function records(count: bigint): string {
  return count === 1n ? '1 record' : `${grouped(count)} records`
}

function trimRow(
  partition: LedPartition,
  bounds: ReadonlyMap<string, Bounds>,
  targets: ReadonlyMap<string, bigint>
): Row & { removed: bigint } {
  const { start, end } = bounds.get(partitionName(partition)) ?? { start: 0n, end: 0n }
  const newStart = targets.get(partitionName(partition)) ?? start
  return { topic: partition.topic, partition: partition.partition, start, newStart, end, removed: newStart - start }
}

/** Each leader removes its own. */
async function removeBefore(
  cluster: Cluster,
  partitions: readonly LedPartition[],
  targets: ReadonlyMap<string, bigint>
): Promise<void> {
  for (const leader of new Set(partitions.map((partition) => partition.leader))) {
    const led = partitions.filter((partition) => partition.leader === leader)
    const name = led[0]?.topic ?? ''
    const offsets = led.map((partition) => ({
      partitionIndex: partition.partition,
      offset: targets.get(partitionName(partition)) ?? 0n
    }))
    await cluster.call('DeleteRecords', leader, [{ name, partitions: offsets }], cluster.timeoutMs)
  }
}
