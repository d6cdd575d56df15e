/** What a coordinator reads back of its log, with transactions of offsets in it that a real Kafka has written (KIP-98). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ReplicaStateLog } from '../../src/broker/replica-log.ts'
import { Replica } from '../../src/broker/replication/replica.ts'
import type { StateRecord } from '../../src/coordination/coordinator.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { endTransaction, open, startMs } from '../log/setup.ts'

const identity = {
  ...{ topic: '__consumer_offsets', topicId: 'b3JkZXJzLXRvcGljLWlkMQ', partition: 0, leaderEpoch: 0 },
  ...{ minInSyncReplicas: 1, nodeId: 1, monotonicMs: () => 0, highWatermark: null, writeDown: async () => {} }
}

/** The only replica, which leads. */
function leading(log: PartitionLog): Replica {
  const replica = new Replica({ ...identity, log })
  replica.takeRole({ leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], inSyncReplicas: [1] })
  return replica
}

/** The log of a coordinator, written batch by batch as Kafka does. */
class Written {
  readonly #replica = leading(open({ history: 'new' }))

  /** A record; of a producer when it is in a transaction. */
  put(key: string, value: string | null, producerId?: number): void {
    const producer = { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    const record = { timestamp: startMs, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }
    const batch = buildBatch({
      ...(producerId === undefined ? {} : { ...producer, producerId }),
      records: [{ ...record, headers: [] }]
    })
    assert.ok(this.#replica.append(batch, 'coordinator').ok)
  }

  end(producerId: number, outcome: 'commit' | 'abort'): void {
    endTransaction(this.#replica.log, { producerId, producerEpoch: 0 }, outcome)
  }

  /** 'key=value', with a question mark behind it while it is pending. */
  read(): string[] {
    const records: StateRecord[] = []
    for (const _ of new ReplicaStateLog(this.#replica).replaySteps((record) => records.push(record)));
    return records.map(({ key, value, isPending }) => `${key}=${value}${isPending ? '?' : ''}`)
  }
}

test('records of a transaction count when it is committed, never when it is aborted, and are pending while it is open', () => {
  const log = new Written()
  for (const producerId of [1, 2, 3]) log.put(`k${producerId}`, 'v', producerId)
  log.put('k4', 'v')
  log.end(1, 'commit')
  log.end(2, 'abort')
  assert.deepEqual(log.read(), ['k4=v', 'k1=v', 'k3=v?'])
})

test('of two records of a key the later one in the log counts, whenever the transaction of the other ends', () => {
  const log = new Written()
  log.put('k', 'first', 1)
  log.put('k', 'second')
  log.end(1, 'commit')
  assert.deepEqual(log.read(), ['k=second'])
  log.put('k', 'third', 1)
  log.put('k', 'fourth', 2)
  log.end(2, 'commit')
  log.end(1, 'commit')
  assert.deepEqual(log.read(), ['k=second', 'k=fourth'])
})

test('a record stays pending behind a later one of its key, and goes with one that takes the key away', () => {
  const log = new Written()
  log.put('k', 'first', 1)
  log.put('k', 'second')
  assert.deepEqual(log.read(), ['k=second', 'k=first?'])
  log.put('k', null)
  assert.deepEqual(log.read(), ['k=second', 'k=null'])
})

test('records of a coordinator are synced, and readable, although nobody waits for them', async () => {
  const log = open({ disk: new SimulatedDisk(), history: 'new' })
  const replica = leading(log)
  new ReplicaStateLog(replica).append([{ key: Buffer.from('k'), value: Buffer.from('v') }], startMs)
  await setImmediate()
  assert.equal(replica.highWatermark, 1)
})
