/**
 * What who reads `committed` does not get yet: from the start of the first open transaction on a partition is held back, up to the last
 * stable offset it is read. Whoever stops at the end is told, with whose transactions they are: nothing else tells them from no records.
 */
import type { Cluster } from '../cluster.ts'
import { firstOf } from '../counted.ts'
import { asCalled, shellWord } from '../own-name.ts'
import { type Bounds, findBounds, type LedPartition, partitionName } from '../partitions.ts'
import { ownedIfTold } from '../transactions/open-transactions.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader } from './reader.ts'

interface HeldBack {
  readonly partition: LedPartition
  readonly first: bigint
  readonly last: bigint
}

/** `bounds` are those of what is committed. Undefined: nothing that was asked for is held back. */
export async function tellHeldBack(
  cluster: Cluster,
  reader: Reader,
  partitions: readonly LedPartition[],
  { range }: Pick<ConsumePlan, 'range'>,
  bounds: ReadonlyMap<string, Bounds>
): Promise<string | undefined> {
  const whole = await findBounds(cluster, partitions, 'uncommitted', 'told at once')
  const held = partitions.flatMap((partition): HeldBack[] => {
    const name = partitionName(partition)
    const [stable, end] = [bounds.get(name)?.end, whole.bounds.get(name)?.end]
    const position = reader.positions.get(name)
    if (stable === undefined || end === undefined || position === undefined) return []
    // Whoever stops before it misses nothing.
    const stopsBefore = position.end !== stable || (range.to?.kind === 'offset' && range.to.offset <= stable)
    if (stopsBefore || end <= stable || position.next >= end) return []
    return [{ partition, first: stable, last: end - 1n }]
  })
  if (held.length === 0) return undefined
  const { ids, line } = await whose(
    cluster,
    held.map(({ partition }) => partition)
  )
  const them = firstOf(
    held.map(({ partition, first, last }) => `${partitionName(partition)} holds ${first} to ${last}`)
  )
  const by = ids.length > 1 ? 'open transactions' : 'an open transaction'
  const named = ids.length === 0 ? by : `${by}, of ${firstOf(ids)}`
  return `${them}, held back by ${named}; --isolation uncommitted reads it; more: ${asCalled(line)}`
}

/** Whose they are, as far as that is told, and where to look. */
async function whose(
  cluster: Cluster,
  partitions: readonly LedPartition[]
): Promise<{ readonly ids: readonly string[]; readonly line: string }> {
  const owned = await ownedIfTold(cluster, partitions)
  const ids = [...new Set(owned.flatMap(({ transactionalId }) => transactionalId ?? []))].sort()
  if (ids.length > 0) return { ids, line: `odradek transactions describe ${ids.map(shellWord).join(' ')}` }
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  const isHanging = owned.length > 0
  const line = isHanging
    ? `odradek transactions find-hanging ${topics.join(' ')}`
    : 'odradek transactions list --state ongoing'
  return { ids, line }
}
