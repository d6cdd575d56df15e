/** What all who take part in a simulation share. */
import type { World } from '../../src/host/simulated/world.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { Ledger, PartitionLedger, Topic } from './ledger.ts'

export interface Scene {
  readonly world: World
  readonly ledger: Ledger
  readonly cluster: SimulatedCluster
  /** The end has come: what was begun is finished, nothing new begun. */
  isOver: boolean
}

const [leastPauseMicros, mostPauseMicros] = [1_000, 80_000]

export interface Picked {
  readonly topic: Topic
  readonly index: number
  readonly partition: PartitionLedger
}

/** Of a topic that is not compacted, and that no transaction writes to. */
export function pickPartition({ world, ledger }: Scene): Picked | null {
  return pickOne(world, ledger.topics)
}

export function pickCompacted({ world, ledger }: Scene): Picked | null {
  return pickOne(world, ledger.compacted)
}

export function pickShared({ world, ledger }: Scene): Picked | null {
  return pickOne(world, ledger.sharedTopic === null ? [] : [ledger.sharedTopic])
}

export function pickTransactional({ world, ledger }: Scene, name: string): Picked | null {
  return pickOne(
    world,
    ledger.transactional.filter((topic) => topic.name === name)
  )
}

function pickOne(world: World, topics: readonly Topic[]): Picked | null {
  const topic = topics[world.chance.below(Math.max(1, topics.length))]
  if (topic === undefined) return null
  const index = world.chance.below(topic.partitions.length)
  const partition = topic.partitions[index]
  return partition === undefined ? null : { topic, index, partition }
}

export function pauseAWhile({ world }: Scene): Promise<void> {
  return world.pause(world.between(leastPauseMicros, mostPauseMicros), 'a client rests')
}
