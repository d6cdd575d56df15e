/** A cluster of which all is gone at once, with records on the disks of its brokers. */
import assert from 'node:assert/strict'
import type { Broker } from '../../src/broker/broker.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { AlterPartitionReassignmentsRequest } from '../../src/protocol/generated/api/alter-partition-reassignments-request.ts'
import { AlterPartitionReassignmentsResponse } from '../../src/protocol/generated/api/alter-partition-reassignments-response.ts'
import { batchOf, produce, valuesIn } from '../broker/apis/records-setup.ts'
import { ask } from '../broker/apis/setup.ts'
import { type Circumstances, createTopic, leaderOf, type Machines, machines, startOn, until } from './setup.ts'

export const log = 't1-0/00000000000000000000.log'
export const note = 't1-0/.cut-off'

export const three = (): Machines => machines(3, () => new SimulatedDisk())
export const two = (): Machines => machines(2, () => new SimulatedDisk())

export const partitionOf = ({ controller }: Cluster) =>
  controller.image.topicByName('t1')?.partitions[0] ?? assert.fail('there is no t1')

export function diskOf(on: Machines, nodeId: number): SimulatedDisk {
  const disk = on.disks.get(nodeId)
  assert.ok(disk instanceof SimulatedDisk)
  return disk
}

export async function write(broker: Broker, value: string, acks: -1 | 1 = -1): Promise<void> {
  assert.equal((await produce(broker, { records: batchOf([value]), acks })).errorCode, ErrorCode.NONE)
}

/** A topic with two records, which all replicas have on their disks. */
export async function withRecords(
  on: Machines,
  config: Readonly<Record<string, string>> = {},
  circumstances: Circumstances = {}
): Promise<readonly [Cluster, readonly number[]]> {
  const cluster = await startOn(on, config, circumstances)
  await createTopic(cluster, 't1', { replicationFactor: on.disks.size })
  for (const value of ['a', 'b']) await write(leaderOf(cluster, 't1'), value)
  return [cluster, partitionOf(cluster).replicas]
}

/** Moves the one partition of t1 to these brokers. */
export async function reassign(cluster: Cluster, replicas: readonly number[]): Promise<void> {
  const topics = [{ name: 't1', partitions: [{ partitionIndex: 0, replicas }] }]
  const body = { timeoutMs: 1000, allowReplicationFactorChange: true, topics }
  const { broker } = cluster
  await ask(broker, AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, 1, body)
}

/** The whole is gone at once; nothing that was synced is lost. */
export function kill(on: Machines): Machines {
  const cut = (disk: unknown): SimulatedDisk => {
    assert.ok(disk instanceof SimulatedDisk)
    return disk.powerCut(new SeededChance(1))
  }
  const disks = new Map(Array.from(on.disks, ([nodeId, disk]) => [nodeId, cut(disk)]))
  return { ...on, controller: cut(on.controller), disks }
}

/** The values that a broker's copy holds. */
export function valuesOf(broker: Broker | undefined): string {
  const log = broker?.replica('t1', 0)?.log
  const read = log?.read(0, { maxBytes: 1 << 20, upTo: log.logEndOffset, atLeastOneBatch: 'yes' })
  if (read === undefined || 'error' in read) return 'nothing'
  return valuesIn(Buffer.concat(read.chunks)).join('')
}

/** All are in sync again, and have these. */
export async function areAllFilled(on: Machines, cluster: Cluster, values = 'ab'): Promise<void> {
  const { length } = partitionOf(cluster).replicas
  await until(on.clock, () => partitionOf(cluster).inSyncReplicas.length === length, 'all are in sync')
  for (const [nodeId, broker] of cluster.brokers) {
    assert.equal(valuesOf(broker), values, `broker ${nodeId}`)
    assert.equal(diskOf(on, nodeId).exists(note), false, `broker ${nodeId} knows that it was asked for`)
  }
}
