/**
 * Runs `topics trim`: shows what would go, asks, and has each leader remove its own.
 */

import { wrongUsage } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { confirmDestruction } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { counted, firstOf } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartitions } from '../human-values.ts'
import { type Place, parsePlace, perhapsATime } from '../offsets.ts'
import { printRows, type Row } from '../output.ts'
import { shellWord } from '../own-name.ts'
import {
  type Bounds,
  describeTopics,
  type LedPartition,
  ledPartitions,
  locatePosition,
  partitionBounds,
  partitionName,
  withinBounds
} from '../partitions.ts'

export async function runTrim(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal } = invocation
    const [name = ''] = args
    const before = flags.text('before')
    if (before === undefined) {
      throw wrongUsage(
        '--before is missing',
        'say up to where: an offset, @TIME or end',
        `odradek topics offsets ${shellWord(name)}   (where its partitions start and end)`
      )
    }
    const position = parsePlace(before, Date.now(), '--before', 'an offset such as 42, a time such as @-7d, or end')
    const partitions = ledPartitions(await describeTopics(cluster, [name]), flags.parsed('partitions', parsePartitions))
    const bounds = await partitionBounds(cluster, partitions)
    const wanted = await locatePosition(cluster, partitions, position, bounds)
    const pastEnds = tellPastEnds(name, position, wanted, bounds, before)
    const targets = withinBounds(wanted, bounds)
    const rows = partitions.map((partition) => trimRow(partition, bounds, targets))
    const gone = rows.reduce((sum, row) => sum + BigInt(String(row.removed)), 0n)
    await printRows(invocation, ['topic', 'partition', 'start', 'newStart', 'end', 'removed'], rows)
    for (const line of pastEnds) terminal.hint(line)
    if (gone === 0n) {
      terminal.hint('nothing to remove')
      return ExitCode.done
    }
    await confirmDestruction(invocation, `remove ${counted(gone, 'record')} from the topic ${name}`, name)
    await removeBefore(cluster, partitions, targets)
    terminal.hint(`removed ${counted(gone, 'record')} from ${name}`)
    return ExitCode.done
  })
}

/**
 * Kafka's brokers refuse an offset past a partition's end. One that is past some ends means all of what lies in those; one that is past
 * each of them is taken for a slip. Nobody is told how to remove all: it cannot be undone, and --yes may stand in the line already.
 */
function tellPastEnds(
  topic: string,
  place: Place,
  wanted: ReadonlyMap<string, bigint>,
  bounds: ReadonlyMap<string, Bounds>,
  before: string
): string[] {
  if (place.kind === 'time') return []
  const past = [...wanted].filter(([name, offset]) => offset > (bounds.get(name)?.end ?? offset))
  const ends = past.map(([name]) => `${name} ends at ${bounds.get(name)?.end}`)
  if (past.length < wanted.size || past.length === 0) return ends.map((end) => `${end}: all of it goes`)
  throw wrongUsage(
    `--before ${before} is past the end: ${firstOf(ends)}${perhapsATime(place)}`,
    'OFFSET_OUT_OF_RANGE (1): nothing was removed',
    `odradek topics offsets ${topic}   (shows what is there)`
  )
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
