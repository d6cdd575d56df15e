/**
 * Runs `topics compact`: reads each partition from its beginning to its end, one after the other, and counts what a newer record of the
 * same key has superseded. What is read is what a client may read; nothing is changed.
 */

import type { Cluster } from '../cluster.ts'
import type { Invocation } from '../command.ts'
import { completeCodecs } from '../compression.ts'
import { settingsOf } from '../configs.ts'
import { withCluster } from '../connect.ts'
import { Reader } from '../consume/reader.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { parsePartitions } from '../human-values.ts'
import { interruptedExitCode } from '../interruption.ts'
import { grouped, printRows, type Row } from '../output.ts'
import { asCalled } from '../own-name.ts'
import {
  type Bounds,
  describeTopics,
  type LedPartition,
  ledPartitions,
  partitionBounds,
  partitionName
} from '../partitions.ts'
import { CompactionTally, type Tally, type TallyRules } from './compaction-tally.ts'

/** Between two looks at how far it is, for who waits. */
const statusEveryMs = 200

export async function runCompact(invocation: Invocation): Promise<ExitCode> {
  return await withCluster(invocation.global, async (cluster) => {
    const { args, flags, terminal, interrupted } = invocation
    const [name = ''] = args
    const partitions = ledPartitions(await describeTopics(cluster, [name]), flags.parsed('partitions', parsePartitions))
    await completeCodecs(cluster.library)
    const settings = await compactionSettings(cluster, name)
    const bounds = await partitionBounds(cluster, partitions, 'committed')
    const rows: PartitionRow[] = []
    for (const partition of partitions) {
      const range = bounds.get(partitionName(partition)) ?? { start: 0n, end: 0n }
      const tally = await tallyOf(cluster, invocation, partition, range, settings)
      terminal.status('')
      if (interrupted.aborted) return interruptedExitCode(interrupted)
      rows.push({ topic: name, partition: partition.partition, ...range, ...tally.counts })
      const unseen = tellEnd(partition, tally)
      if (unseen !== null) terminal.hint(unseen)
    }
    await printRows(invocation, columns, rows)
    for (const line of conclusion(name, rows, settings)) terminal.hint(line)
    return ExitCode.done
  })
}

const columns = [
  'partition',
  'records',
  'keys',
  'superseded',
  'withoutKey',
  'tombstones',
  'tombstonesDue',
  'removed',
  'removedBytes',
  'kept',
  'keptBytes'
]

type PartitionRow = Row & Tally

interface Settings extends TallyRules {
  readonly policy: string
  readonly dirtyRatio: string
}

async function compactionSettings(cluster: Cluster, name: string): Promise<Settings> {
  const settings = await settingsOf(cluster, { kind: 'topic', name }, 'all')
  const text = (of: string): string => String(settings.find(({ setting }) => setting === of)?.value ?? '')
  return {
    nowMs: Date.now(),
    policy: text('cleanup.policy'),
    dirtyRatio: text('min.cleanable.dirty.ratio'),
    deleteRetentionMs: Number(text('delete.retention.ms')),
    minCompactionLagMs: Number(text('min.compaction.lag.ms'))
  }
}

/** Records of transactions that were aborted are not counted: nobody reads them, and compaction takes them as well. */
async function tallyOf(
  cluster: Cluster,
  { terminal, interrupted }: Invocation,
  partition: LedPartition,
  { start, end }: Bounds,
  rules: TallyRules
): Promise<CompactionTally> {
  const tally = new CompactionTally(rules)
  const onNotice = (text: string): void => terminal.hint(text)
  const reader = new Reader(cluster, { isolation: 'committed', interrupted, onNotice })
  reader.add(partition, start, end)
  let toldMs = performance.now()
  for await (const records of reader.read()) {
    for (const record of records) tally.add(record)
    if (performance.now() - toldMs < statusEveryMs) continue
    toldMs = performance.now()
    const left = grouped(reader.waiting)
    terminal.status(`partition ${partition.partition}: ${grouped(tally.records)} records read, ${left} offsets left …`)
  }
  return tally
}

function tellEnd({ topic, partition }: LedPartition, { end }: CompactionTally): string | null {
  if (end === null) return null
  const where = `${topic}:${partition} from offset ${end.offset} on`
  if (end.why === 'too young') return `${where} is younger than min.compaction.lag.ms: it stays as it is`
  return `${where} has more keys than are counted at once: what is behind is taken as kept`
}

function conclusion(name: string, rows: readonly PartitionRow[], { policy, dirtyRatio }: Settings): string[] {
  const sum = (of: (row: PartitionRow) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const [records, removed] = [sum((row) => row.records), sum((row) => row.removed)]
  const [bytes, removedBytes] = [sum((row) => row.bytes), sum((row) => row.removedBytes)]
  const isCompacted = policy.split(',').includes('compact')
  const share = `${grouped(removed)} of ${counted(records, 'record')}, and ${grouped(removedBytes)} of ${counted(bytes, 'byte')}`
  if (!isCompacted) {
    return [
      `compaction would remove ${share}; but ${name} is not compacted (cleanup.policy=${policy})`,
      asCalled(`odradek topics alter ${name} -c cleanup.policy=compact   (has it compacted; what that removes is gone)`)
    ]
  }
  return [
    `compaction would remove ${share}`,
    `a log is compacted when more than ${dirtyRatio} of it is new (min.cleanable.dirty.ratio), without the segment that is written to`
  ]
}
