/** Replicas over the life of a broker: a topic that takes an old name begins anew, and a stop lets go of the directory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DiskError, type DiskFile } from '../../src/host/disk.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../src/protocol/generated/api/delete-topics-response.ts'
import { batchOf, createTopic, produce } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'
import { HeldDisk, hold } from './held-disk.ts'

test('a topic that takes the name of one deleted since the start begins at offset 0', async () => {
  const disk = new MemoryDisk()
  const before = await startBroker({}, disk)
  await createTopic(before, 't1')
  for (const value of ['a', 'b', 'c']) await produce(before, { records: batchOf([value]) })
  const trim = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset: 2 }] }], timeoutMs: 1 }
  await ask(before, DeleteRecordsRequest, DeleteRecordsResponse, 2, trim)
  await before.stop()

  const after = await startBroker({}, disk)
  assert.equal(after.replica('t1', 0)?.log.logStartOffset, 2)
  const deletion = { topicNames: ['t1'], topics: [], timeoutMs: 1000 }
  await ask(after, DeleteTopicsRequest, DeleteTopicsResponse, 5, deletion)
  await createTopic(after, 't1')
  const { log } = after.replica('t1', 0) ?? {}
  assert.deepEqual([log?.logStartOffset, log?.logEndOffset, log?.recoveryPoint], [0, 0, 0])
  assert.equal((await produce(after, { records: batchOf(['new']) })).baseOffset, 0)
  await after.stop()
})

test('a Kafka that was killed between the deletion of a topic and the making of its next log took nothing with it', async () => {
  const disk = new MemoryDisk()
  const before = await startBroker({}, disk)
  await createTopic(before, 't1')
  await produce(before, { records: batchOf(['a', 'b', 'c']) })
  await before.stop()
  const checkpoint = disk.readFile('recovery-point-offset-checkpoint')
  const after = await startBroker({}, disk)
  await ask(after, DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: ['t1'], topics: [], timeoutMs: 1000 })
  await createTopic(after, 't1')
  await after.stop()

  // As that Kafka leaves it: the old log under its random name, no new one, and a checkpoint of a minute ago.
  disk.rename('t1-0', 't1-0.0123456789abcdef0123456789abcdef-delete')
  disk.replaceFile('recovery-point-offset-checkpoint', checkpoint)
  disk.remove('.kafka_cleanshutdown')
  const broker = await startBroker({}, disk)
  assert.equal(broker.hosted('t1', 0).kind, 'online')
  assert.equal((await produce(broker, { records: batchOf(['new']) })).baseOffset, 0)
  await broker.stop()
})

test('a log that knows a later leader epoch than the cluster metadata is not served: what is appended would be cut off again', async () => {
  const disk = new MemoryDisk()
  const segment = 't1-0/00000000000000000000.log'
  const before = await startBroker({}, disk)
  await createTopic(before, 't1')
  await produce(before, { records: batchOf(['a']) })
  await before.stop()
  const records = Buffer.from(disk.readFile(segment))
  // The epoch of the batch, which its CRC leaves out.
  records.writeInt32BE(9, 12)
  disk.replaceFile(segment, records)
  disk.replaceFile('t1-0/leader-epoch-checkpoint', Buffer.from('0\n1\n9 0\n'))
  const broker = await startBroker({}, disk)
  assert.equal(broker.hosted('t1', 0).kind, 'offline')
  await broker.stop()
})

test('a stop that cannot write its checkpoints says so, and gives the directory free', async () => {
  class FillingDisk extends MemoryDisk {
    isFull = false

    override replaceFile(path: string, bytes: Uint8Array): void {
      if (this.isFull) throw new DiskError('full', path, 'The disk is full.')
      super.replaceFile(path, bytes)
    }
  }
  const disk = new FillingDisk()
  const broker = await startBroker({}, disk)
  disk.isFull = true
  await assert.rejects(broker.stop(), /The disk is full/)
  disk.lock()()
})

test('after a crash everything acknowledged can be read as soon as the broker is there, however slow the disk', async () => {
  /** Its files live on when a broker is dropped without a stop, as after kill -9; a sync takes many turns. */
  class SlowDisk extends SimulatedDisk {
    override lock(): () => void {
      return () => {}
    }

    override open(path: string, mode: 'existing' | 'create'): DiskFile {
      const file = super.open(path, mode)
      file.sync = async () => {
        for (let turn = 0; turn < 50; turn++) await setImmediate()
      }
      return file
    }
  }
  const disk = new SlowDisk()
  const before = await startBroker({}, disk)
  await createTopic(before, 't1')
  for (const value of ['a', 'b', 'c']) await produce(before, { records: batchOf([value]) })

  const after = await startBroker({}, disk)
  assert.equal(after.replica('t1', 0)?.highWatermark, 3)
  await after.stop()
})

test('a stop waits for the requests that are under way: their answers come first', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker({}, disk)
  const names = hold()
  disk.beforeSync = (path) => (path === '' ? names.over : Promise.resolve())
  const happened: string[] = []
  const creating = createTopic(broker, 't1').then(() => happened.push('answered'))
  const stopping = broker.stop().then(() => happened.push('stopped'))
  await setImmediate()
  names.release()
  await Promise.all([creating, stopping])
  assert.deepEqual(happened, ['answered', 'stopped'])
})
