/** What the names of directories come to: the longest ones, those that are not ours, and those that a file system takes for one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { DiskError, type DiskFile } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../src/protocol/generated/api/delete-topics-response.ts'
import { batchOf, clockOf, createTopic, produce } from './apis/records-setup.ts'
import { ask, startBroker } from './apis/setup.ts'

async function remove(broker: Broker, name: string): Promise<number | undefined> {
  const body = { topicNames: [name], topics: [], timeoutMs: 1000 }
  return (await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 5, body)).responses[0]?.errorCode
}

test('a topic with the longest name is deleted, made again, and found by a start', async () => {
  class StrictDisk extends MemoryDisk {
    override rename(from: string, to: string): void {
      if (to.split('/').some((part) => part.length > 255)) throw new DiskError('failed', to, `${to}: ENAMETOOLONG`)
      super.rename(from, to)
    }
  }
  const disk = new StrictDisk()
  const topic = 'a'.repeat(249)
  const broker = await startBroker({}, disk)
  await createTopic(broker, topic)
  await produce(broker, { topic, records: batchOf(['old']) })
  assert.equal(await remove(broker, topic), ErrorCode.NONE)
  await createTopic(broker, topic)
  assert.equal((await produce(broker, { topic, records: batchOf(['new']) })).baseOffset, 0)
  await broker.stop()
  // What a crash leaves of the deletion, and a directory of no topic.
  disk.createDirectory(`${'a'.repeat(215)}-1.0123456789abcdef0123456789abcdef-delete`)
  disk.createDirectory(`${'b'.repeat(249)}-0`)
  disk.replaceFile(
    `${'b'.repeat(249)}-0/partition.metadata`,
    Buffer.from('version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABQ')
  )
  const after = await startBroker({}, disk)
  assert.equal(after.replica(topic, 0)?.highWatermark, 1)
  assert.deepEqual(
    disk.list('').filter((name) => name.endsWith('-delete')),
    []
  )
  assert.equal(disk.list('').filter((name) => /^b+-0\..*-stray$/.test(name)).length, 1)
  await after.stop()
})

test('a start removes no directory but those that a deletion has set aside', async () => {
  const disk = new MemoryDisk()
  await (await startBroker({}, disk)).stop()
  const mine = ['photos-to-delete', 't1-0.before-delete', 'notes-delete']
  for (const name of mine) {
    disk.createDirectory(name)
    disk.replaceFile(`${name}/file`, Buffer.from('mine'))
  }
  await (await startBroker({}, disk)).stop()
  for (const name of mine) assert.equal(disk.readFile(`${name}/file`).toString(), 'mine')
})

test('where a file system takes two names for one, a topic does not take the directory of another', async () => {
  class CaselessDisk extends MemoryDisk {
    override list = (directory: string) => super.list(directory.toLowerCase())
    override exists = (path: string) => super.exists(path.toLowerCase())
    override createDirectory = (path: string) => super.createDirectory(path.toLowerCase())
    override rename = (from: string, to: string) => super.rename(from.toLowerCase(), to.toLowerCase())
    override open = (path: string, mode: 'existing' | 'create') => super.open(path.toLowerCase(), mode)
    override readFile = (path: string) => super.readFile(path.toLowerCase())
    override replaceFile = (path: string, bytes: Uint8Array) => super.replaceFile(path.toLowerCase(), bytes)
  }
  const broker = await startBroker({}, new CaselessDisk())
  await createTopic(broker, 'orders')
  await produce(broker, { topic: 'orders', records: batchOf(['a']) })
  const topic = { name: 'Orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: false }
  const { topics } = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  assert.equal(topics[0]?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.match(topics[0]?.errorMessage ?? '', /is the directory of the topic orders/)
  assert.equal((await produce(broker, { topic: 'orders', records: batchOf(['b']) })).baseOffset, 1)
  await broker.stop()
})

test('what the cluster knows survives a power cut where records are written for the operating system alone', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const disk = new SimulatedDisk()
    const broker = await startBroker({}, disk, { durability: 'os' })
    await createTopic(broker, 't1')
    const after = await startBroker({}, disk.powerCut(new SeededChance(seed)), { durability: 'os' })
    assert.ok(after.image.topicByName('t1') !== undefined, `seed ${seed}`)
    assert.deepEqual([after.hosted('t1', 0).kind, after.hosted('t1', 1).kind], ['online', 'online'], `seed ${seed}`)
    await after.stop()
  }
})

test('the room of a topic whose deletion had no file handle to be made safe with is given back a little later', async () => {
  class PoorDisk extends SimulatedDisk {
    isPoor = false

    override open(path: string, mode: 'existing' | 'create'): DiskFile {
      const file = super.open(path, mode)
      const { sync } = file
      file.sync = async () => {
        if (this.isPoor) throw new DiskError('too-many-files', path, `${path}: no file handle is left.`)
        await sync()
      }
      return file
    }
  }
  const disk = new PoorDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  disk.isPoor = true
  assert.equal(await remove(broker, 't1'), ErrorCode.KAFKA_STORAGE_ERROR)
  const left = () => disk.list('').filter((name) => name.startsWith('t1-')).length
  assert.equal(left(), 2)
  disk.isPoor = false
  clockOf(broker).advance(limits.openAgainMs)
  while (left() > 0) await new Promise((resolve) => setImmediate(resolve))
  await broker.stop()
})

test('once the directories were held against the topics that were deleted, a broker keeps none of their names', async () => {
  const disk = new MemoryDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  const id = broker.image.topicByName('t1')?.id ?? ''
  assert.equal(await remove(broker, 't1'), ErrorCode.NONE)
  assert.throws(() => broker.image.wasRemoved(id), /forgotten/)
  await broker.stop()
  const after = await startBroker({}, disk)
  assert.throws(() => after.image.wasRemoved(id), /forgotten/)
  await after.stop()
})
