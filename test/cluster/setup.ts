/** Several brokers in memory, and what a client asks of them. */
import type { Broker } from '../../src/broker/broker.ts'
import type { Transport } from '../../src/cluster/channel.ts'
import { type BrokerStart, Cluster } from '../../src/cluster/cluster.ts'
import type { Disk } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import type { Durability } from '../../src/log/types.ts'
import { network } from '../broker/apis/setup.ts'
import { newTopic } from '../coordination/metadata/setup.ts'

export interface Machines {
  readonly clock: ManualClock
  readonly controller: Disk
  readonly disks: Map<number, Disk>
}

export const machines = (count: number, disk: () => Disk = () => new MemoryDisk()): Machines => ({
  clock: new ManualClock(),
  controller: disk(),
  disks: new Map(Array.from({ length: count }, (_, index) => [index + 1, disk()]))
})

let seed = 1

/** The next life of a broker. */
export function brokerOn({ clock, disks }: Machines, nodeId: number): BrokerStart {
  const disk = disks.get(nodeId)
  if (disk === undefined) throw new RangeError(`there is no machine ${nodeId}`)
  const host = { disk, clock, network, chance: new SeededChance(seed++) }
  return { host, nodeId, rack: null, endpoint: { host: 'localhost', port: 9091 + nodeId }, advertised: null }
}

export interface Circumstances {
  readonly log?: (line: string) => void
  readonly transport?: Transport
  /** Where each broker stands; nowhere without it. */
  readonly rackOf?: (nodeId: number) => string
  readonly durability?: Durability
}

export function startOn(
  on: Machines,
  config: Readonly<Record<string, string>> = {},
  { log = () => {}, transport, rackOf, durability = 'disk' }: Circumstances = {}
): Promise<Cluster> {
  const starts = Array.from(on.disks.keys(), (nodeId) => ({
    ...brokerOn(on, nodeId),
    rack: rackOf === undefined ? null : rackOf(nodeId)
  }))
  const [first = fail(), ...others] = starts
  const controllerHost = { disk: on.controller, clock: on.clock, network, chance: new SeededChance(seed++) }
  const travelling = transport === undefined ? {} : { transport }
  return Cluster.start({ brokers: [first, ...others], controllerHost, durability, config, log, ...travelling })
}

function fail(): never {
  throw new Error('there is no machine')
}

export async function createTopic(
  cluster: Cluster,
  name: string,
  { partitions = 1, replicationFactor = 3 }: { partitions?: number; replicationFactor?: number } = {}
): Promise<void> {
  const [made] = await cluster.controller.createTopics([newTopic(name, { partitions, replicationFactor })])
  if (made === undefined || 'message' in made) throw new Error(`${name}: ${made?.message}`)
}

/** The broker that leads, as the controller sees it. */
export function leaderOf(cluster: Cluster, topic: string, partition = 0): Broker {
  const leader = cluster.controller.image.topicByName(topic)?.partitions[partition]?.leader ?? -1
  const broker = cluster.brokers.get(leader)
  if (broker === undefined) throw new Error(`${topic}-${partition} is led by ${leader}, who is not there`)
  return broker
}

/** Lets what is under way come to its end; time passes where nothing else does. */
export async function until(clock: ManualClock, isSo: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (isSo()) return
    await new Promise(setImmediate)
    if (turn % 5 === 4) clock.advance(10)
  }
  throw new Error(`it did not come to this: ${what}`)
}
