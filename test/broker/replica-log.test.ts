/** What a coordinator reads back of its log, with transactions of offsets in it that a real Kafka has written (KIP-98). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { noSnapshot, ReplicaStateLog, type StateSnapshot } from '../../src/broker/replica-log.ts'
import { Replica } from '../../src/broker/replication/replica.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { VerificationGuard } from '../../src/log/types.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
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

  /** 'key=value', with the producer behind it whose transaction it is in; and 'commit 7' for the end of one. */
  read(): string[] {
    const told: string[] = []
    const steps = new ReplicaStateLog(this.#replica).replaySteps(
      ({ key, value }, { offset, producerId }) =>
        told.push(`${offset}: ${key}=${value}${producerId === null ? '' : ` of ${producerId}`}`),
      (producerId, outcome) => told.push(`${outcome} ${producerId}`)
    )
    for (const _ of steps);
    return told
  }
}

test('a log is read with the transactions of those who wrote it, and their ends where they stand', () => {
  const log = new Written()
  log.put('k1', 'v', 1)
  log.put('k2', null, 2)
  log.put('k3', 'v')
  log.end(1, 'commit')
  log.end(2, 'abort')
  assert.deepEqual(log.read(), ['0: k1=v of 1', '1: k2=null of 2', '2: k3=v', 'commit 1', 'abort 2'])
})

test('what is written within a transaction is held against its producer, and so is its end', () => {
  const log = open({ history: 'new' })
  const stateLog = new ReplicaStateLog(leading(log))
  const records = [{ key: Buffer.from('k'), value: Buffer.from('v') }]
  const producer = (producerEpoch: number) => ({ producerId: 7, producerEpoch })
  const within = (producerEpoch: number, guard: VerificationGuard | null) =>
    stateLog.appendWithin({ ...producer(producerEpoch), guard }, records, startMs)
  const end = (producerEpoch: number, coordinatorEpoch: number, transactionVersion: number) =>
    stateLog.appendMarker(
      { ...producer(producerEpoch), coordinatorEpoch, outcome: 'commit', transactionVersion },
      startMs
    )
  assert.equal(within(1, null), ErrorCode.INVALID_TXN_STATE)
  const guard = log.beginVerification({ ...producer(1), baseSequence: -1, bumpsEpochs: false })
  assert.equal(within(1, guard), ErrorCode.NONE)
  assert.equal(within(1, null), ErrorCode.NONE)
  assert.equal(within(0, null), ErrorCode.INVALID_TXN_STATE)
  assert.equal(end(1, 3, 2), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(end(2, 3, 2), ErrorCode.NONE)
  // The same again, as after an answer that was lost.
  assert.equal(end(2, 3, 2), ErrorCode.NONE)
  assert.equal(end(2, 2, 2), ErrorCode.TRANSACTION_COORDINATOR_FENCED)
  assert.equal(end(1, 3, 0), ErrorCode.INVALID_PRODUCER_EPOCH)
  assert.equal(within(2, guard), ErrorCode.INVALID_TXN_STATE)
  assert.equal(log.logEndOffset, 4)
})

test('what the log start has passed, or a snapshot stands for, is not read again from a batch that reaches across it', async () => {
  const log = open({ history: 'new' })
  const replica = leading(log)
  const records = ['a', 'b', 'c', 'd'].map((key) => ({ key: Buffer.from(key), value: Buffer.from('v') }))
  new ReplicaStateLog(replica).append(records, startMs)
  const readWith = (snapshot: StateSnapshot): string[] => {
    const told: string[] = []
    const steps = new ReplicaStateLog(replica, snapshot).replaySteps(
      ({ key }, { offset }) => told.push(`${offset}: ${key}`),
      () => assert.fail('nothing ends here')
    )
    for (const _ of steps);
    return told
  }
  assert.deepEqual(readWith({ ...noSnapshot, endOffset: 3 }), ['3: d'])
  await log.deleteRecordsBefore(1)
  assert.deepEqual(readWith(noSnapshot), ['1: b', '2: c', '3: d'])
})

test('records of a coordinator are synced, and readable, although nobody waits for them', async () => {
  const log = open({ disk: new SimulatedDisk(), history: 'new' })
  const replica = leading(log)
  new ReplicaStateLog(replica).append([{ key: Buffer.from('k'), value: Buffer.from('v') }], startMs)
  await setImmediate()
  assert.equal(replica.highWatermark, 1)
})
