/** Partitions that the disk takes offline: when they come back, when they must not, and what a stop and a start make of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import { DiskError, type DiskFile, type DiskProblem } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreatePartitionsRequest } from '../../src/protocol/generated/api/create-partitions-request.ts'
import { CreatePartitionsResponse } from '../../src/protocol/generated/api/create-partitions-response.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../src/protocol/generated/api/delete-topics-response.ts'
import { DescribeConfigsRequest } from '../../src/protocol/generated/api/describe-configs-request.ts'
import { DescribeConfigsResponse } from '../../src/protocol/generated/api/describe-configs-response.ts'
import { DescribeTopicPartitionsRequest } from '../../src/protocol/generated/api/describe-topic-partitions-request.ts'
import { DescribeTopicPartitionsResponse } from '../../src/protocol/generated/api/describe-topic-partitions-response.ts'
import { JoinGroupRequest } from '../../src/protocol/generated/api/join-group-request.ts'
import { JoinGroupResponse } from '../../src/protocol/generated/api/join-group-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { batchOf, clockOf, createTopic, idOf, produce } from './apis/records-setup.ts'
import { ask, network, startAlone, startBroker } from './apis/setup.ts'
import { HeldDisk, hold } from './held-disk.ts'

const checkpointMs = 5000
const config = { 'log.flush.offset.checkpoint.interval.ms': String(checkpointMs) }
const firstLog = 't1-0/00000000000000000000.log'
const firstEpochs = 't1-0/leader-epoch-checkpoint'

type Call = 'open' | 'sync' | 'replace'

/** Refuses what it is told to; a broker that is dropped without a stop holds no lock, as after kill -9. */
class TroubledDisk extends SimulatedDisk {
  trouble: (call: Call, path: string) => DiskProblem | null = () => null

  override lock(): () => void {
    return () => {}
  }

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    this.#meet('open', path)
    const file = super.open(path, mode)
    const { sync } = file
    file.sync = async () => {
      await Promise.resolve()
      this.#meet('sync', path)
      return sync()
    }
    return file
  }

  override replaceFile(path: string, bytes: Uint8Array): void {
    this.#meet('replace', path)
    super.replaceFile(path, bytes)
  }

  #meet(call: Call, path: string): void {
    const problem = this.trouble(call, path)
    if (problem !== null) throw new DiskError(problem, path, `${call} ${path}: refused (${problem}).`)
  }
}

const kindOf = (broker: Broker): string => broker.hosted('t1', 0).kind

async function trim(broker: Broker, offset: number) {
  const body = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 1000 }
  const { topics } = await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, body)
  return topics[0]?.partitions[0]?.errorCode
}

test('a log that no file was left for after a crash is recovered later, also when the broker was stopped cleanly in between', async () => {
  const disk = new TroubledDisk()
  const crashed = await startBroker(config, disk)
  await createTopic(crashed, 't1')
  await produce(crashed, { records: batchOf(['a']) })
  clockOf(crashed).advance(checkpointMs)
  for (const value of ['b', 'c']) await produce(crashed, { records: batchOf([value]) })

  disk.trouble = (call, path) => (call === 'open' && path === firstLog ? 'too-many-files' : null)
  const short = await startBroker(config, disk)
  assert.equal(kindOf(short), 'offline')
  await short.stop()

  disk.trouble = () => null
  const after = await startBroker(config, disk)
  assert.equal(kindOf(after), 'online')
  assert.equal(after.replica('t1', 0)?.highWatermark, 3)
  await after.stop()
})

test('after a clean stop a log that is offline keeps the mark of it: nothing of it has changed', async () => {
  const disk = new TroubledDisk()
  const before = await startBroker(config, disk)
  await createTopic(before, 't1')
  await produce(before, { records: batchOf(['a', 'b']) })
  await before.stop()
  disk.trouble = (call, path) => (call === 'open' && path === firstLog ? 'too-many-files' : null)
  await (await startBroker(config, disk)).stop()
  assert.ok(disk.exists('.kafka_cleanshutdown'))
})

test("a topic that could not be made safe is nobody's, and all that there is can be described", async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't0')
  disk.trouble = (call, path) => (call === 'sync' && path.startsWith('__cluster_metadata-0/') ? 'full' : null)
  const topic = { name: 't1', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: false }
  const { topics } = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  assert.notEqual(topics[0]?.errorCode, ErrorCode.NONE)
  disk.trouble = () => null
  clockOf(broker).advance(3 * limits.openAgainMs)
  assert.equal(kindOf(broker), 'none')
  const { topics: listed } = await ask(broker, MetadataRequest, MetadataResponse, 5, { topics: null })
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['t0']
  )

  const asked = { topics: [{ name: 't0' }], responsePartitionLimit: 10, cursor: null }
  const told = await ask(broker, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0, asked)
  assert.equal(told.topics[0]?.partitions.length, 2)
  const resources = [{ resourceType: 2, resourceName: 't0', configurationKeys: null }]
  const described = await ask(broker, DescribeConfigsRequest, DescribeConfigsResponse, 4, { resources })
  assert.equal(described.results[0]?.errorCode, ErrorCode.NONE)
  await broker.stop().catch(() => {})
})

test('damage that is found in a log whose disk failed before takes that log offline, and nothing else', async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['a', 'b']) })
  disk.trouble = (call, path) => (call === 'sync' && path === firstLog ? 'failed' : null)
  assert.equal((await produce(broker, { records: batchOf(['c']) })).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  const sizeOfFirstBatch = 8
  disk.open(firstLog, 'existing').writeAt(sizeOfFirstBatch, Buffer.alloc(4, 0xff))
  const { log } = broker.replica('t1', 0) ?? {}
  assert.throws(() => log?.read(0, { maxBytes: 1000, upTo: 2, atLeastOneBatch: 'yes' }), /is damaged at byte 0/)
  await setImmediate()
  assert.equal(kindOf(broker), 'offline')
  assert.equal((await produce(broker, { records: batchOf(['d']), partition: 1 })).errorCode, ErrorCode.NONE)
  await broker.stop()
})

test('a partition that has no room for its first epoch is not made', async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  disk.trouble = (_, path) => (path.startsWith('t1-2/leader-epoch-checkpoint') ? 'full' : null)
  const body = { topics: [{ name: 't1', count: 3, assignments: null }], timeoutMs: 1000, validateOnly: false }
  const { results } = await ask(broker, CreatePartitionsRequest, CreatePartitionsResponse, 3, body)
  assert.equal(results[0]?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(broker.image.topicByName('t1')?.partitions.length, 2)
  await broker.stop()
})

test('what a crash left and cannot be made safe is not served yet, and that is told', async () => {
  const disk = new TroubledDisk()
  const crashed = await startBroker(config, disk)
  await createTopic(crashed, 't1')
  await produce(crashed, { records: batchOf(['a']), acks: 1 })
  disk.trouble = (call, path) => (call === 'sync' && path === firstLog ? 'too-many-files' : null)
  const lines: string[] = []
  const host = { disk, clock: new ManualClock(), network, chance: new SeededChance(2) }
  const log = (line: string): void => void lines.push(line)
  const broker = await startAlone({ host, durability: 'disk', config, advertised: null, log })
  assert.equal(kindOf(broker), 'offline')
  const refused = await produce(broker, { records: batchOf(['b']), acks: 1 })
  assert.equal(refused.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  for (let again = 0; again < 2; again++) {
    host.clock.advance(limits.openAgainMs)
    await setImmediate()
    assert.equal(kindOf(broker), 'offline', 'what is opened again is safe before it is led')
  }
  assert.equal(lines.filter((line) => line.startsWith('t1-0 is offline: ')).length, 1)
  disk.trouble = () => null
  host.clock.advance(limits.openAgainMs)
  await setImmediate()
  assert.equal(endOf(broker), 1)
  await broker.stop()
})

test('records that DeleteRecords has removed stay removed: where the disk does not take it, that is refused', async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  for (const value of ['a', 'b', 'c']) await produce(broker, { records: batchOf([value]) })

  disk.trouble = (call, path) => (call === 'open' && path === `${firstEpochs}.tmp` ? 'too-many-files' : null)
  assert.equal(await trim(broker, 2), ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(broker.replica('t1', 0)?.log.logStartOffset, 0)

  // Full, but for what is kept for this.
  const writes = (call: Call, path: string): boolean => call === 'replace' || (call === 'open' && path.endsWith('.tmp'))
  disk.trouble = (call, path) => (writes(call, path) && disk.exists('.reserve') ? 'full' : null)
  assert.equal(await trim(broker, 2), ErrorCode.NONE)
  disk.trouble = () => null
  const after = await startBroker(config, disk)
  assert.equal(after.replica('t1', 0)?.log.logStartOffset, 2)
  await after.stop()
})

function remove(broker: Broker, name: string) {
  const body = { topicNames: [name], topics: [], timeoutMs: 1000 }
  return ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 5, body)
}

function endOf(broker: Broker): number | undefined {
  return broker.replica('t1', 0)?.highWatermark
}

test('a topic whose deletion a power cut undoes has all its records', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new TroubledDisk()
    const broker = await startBroker(config, disk)
    await createTopic(broker, 't1')
    for (const value of ['a', 'b', 'c']) await produce(broker, { records: batchOf([value]) })
    const deletion = remove(broker, 't1')
    const cut = disk.powerCut(new SeededChance(seed))
    await deletion
    const after = await startBroker(config, cut)
    if (after.image.topicByName('t1') !== undefined) assert.equal(endOf(after), 3, `seed ${seed}`)
    await after.stop()
  }
})

test('a topic whose deletion a power cut undoes has all its records, also where its name was taken again meanwhile', async () => {
  for (const name of ['t1', 'a'.repeat(249)]) {
    for (let seed = 0; seed < 30; seed++) {
      const disk = new HeldDisk()
      const broker = await startBroker(config, disk)
      await createTopic(broker, name)
      const topicId = idOf(broker, name)
      await produce(broker, { topic: name, records: batchOf(['a', 'b', 'c']) })
      const metadata = hold()
      disk.beforeSync = (path) => (path.startsWith('__cluster_metadata-0/') ? metadata.over : Promise.resolve())
      const changes = [remove(broker, name), createTopic(broker, name)]
      for (let turn = 0; turn < 3; turn++) await setImmediate()
      const after = await startBroker(config, disk.powerCut(new SeededChance(seed)))
      if (idOf(after, name) === topicId) assert.equal(after.replica(name, 0)?.highWatermark, 3, `seed ${seed}`)
      await after.stop()
      metadata.release()
      await Promise.all(changes)
      await broker.stop()
    }
  }
})

test('nobody writes to a partition before it is safe that it exists, or when that cannot be made safe', async () => {
  for (const outcome of ['safe', 'refused'] as const) {
    const disk = new HeldDisk()
    const broker = await startBroker(config, disk)
    const metadata = hold()
    disk.beforeSync = (path) => (path.startsWith('__cluster_metadata-0/') ? metadata.over : Promise.resolve())
    const creation = createTopic(broker, 't1')
    const early = await produce(broker, { records: batchOf(['a']) })
    assert.equal(early.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if (outcome === 'safe') metadata.release()
    else metadata.refuse(new DiskError('failed', '', 'The disk refuses.'))
    if (outcome === 'safe') await creation
    else await assert.rejects(creation)
    const { errorCode } = await produce(broker, { records: batchOf(['a']) })
    assert.equal(errorCode, outcome === 'safe' ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    await broker.stop().catch(() => {})
  }
})

test('a topic that is deleted in the midst of its syncs is no trouble, and later trouble is told', async () => {
  const lines: string[] = []
  const disk = new HeldDisk()
  const broker = await startBroker(config, disk, { log: (line) => lines.push(line) })
  await createTopic(broker, 't1')
  const sync = hold()
  disk.beforeSync = (path) => (path === firstLog ? sync.over : Promise.resolve())
  const first = produce(broker, { records: batchOf(['a']) })
  await setImmediate()
  const second = produce(broker, { records: batchOf(['b']) })
  await remove(broker, 't1')
  sync.release()
  await Promise.all([first, second])
  assert.deepEqual(lines, [])
  await broker.stop()
})

test('a topic whose deletion is refused because it cannot be made safe keeps its records, and one that is safe goes', async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't0')
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['a']) })
  assert.equal((await remove(broker, 't0')).responses[0]?.errorCode, ErrorCode.NONE)
  assert.ok(!disk.list('').some((name) => name.startsWith('t0-')))
  disk.trouble = (call, path) => (call === 'sync' && path.startsWith('__cluster_metadata-0/') ? 'failed' : null)
  assert.equal((await remove(broker, 't1')).responses[0]?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.ok(disk.exists(firstLog))
  assert.equal(kindOf(broker), 'online')
})

test('a directory of a topic that was deleted is a stray, also where a later topic has its name and a kill came between', async () => {
  const disk = new TroubledDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  for (const value of ['a', 'b', 'c']) await produce(broker, { records: batchOf([value]) })
  clockOf(broker).advance(checkpointMs)
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  const files = ['t1-0/partition.metadata', firstLog, firstEpochs]
  const old = files.map((path) => [path, disk.readFile(path)] as const)
  const checkpoint = disk.readFile('recovery-point-offset-checkpoint')
  await remove(broker, 't1')
  await createTopic(broker, 't1')
  // As a Kafka leaves it that is killed before it has moved the directory away.
  for (const [path, bytes] of old) disk.replaceFile(path, bytes)
  disk.replaceFile('recovery-point-offset-checkpoint', checkpoint)

  const after = await startBroker(config, disk)
  assert.deepEqual([kindOf(after), endOf(after)], ['online', 0])
  assert.equal(disk.list('').filter((name) => /^t1-0\..*-stray$/.test(name)).length, 1)
  await after.stop()
})

for (const stop of ['clean', 'unclean'] as const) {
  test(`what checkpoints say of a topic that is gone is not held against a later one of its name: ${stop} stop`, async () => {
    const disk = new TroubledDisk()
    const before = await startBroker(config, disk)
    await before.stop()
    const path = 'recovery-point-offset-checkpoint'
    const [version, count, ...lines] = disk.readFile(path).toString().trimEnd().split('\n')
    disk.replaceFile(path, Buffer.from([version, Number(count) + 1, ...lines, 't1 0 50', ''].join('\n')))
    if (stop === 'unclean') disk.remove('.kafka_cleanshutdown')
    const broker = await startBroker(config, disk)
    await createTopic(broker, 't1')
    await produce(broker, { records: batchOf(['a']) })
    const after = await startBroker(config, disk)
    assert.deepEqual([kindOf(after), endOf(after)], ['online', 1])
    await after.stop()
  })
}

test('damage that an append meets takes its partition offline, and is told', async () => {
  const disk = new TroubledDisk()
  const before = await startBroker(config, disk)
  await createTopic(before, 't1', { 'segment.ms': '86400000' })
  for (const value of ['a', 'b']) await produce(before, { records: batchOf([value]) })
  await before.stop()
  const broker = await startBroker(config, disk)
  const sizeOfFirstBatch = 8
  disk.open(firstLog, 'existing').writeAt(sizeOfFirstBatch, Buffer.alloc(4, 0xff))
  assert.equal((await produce(broker, { records: batchOf(['c']) })).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(kindOf(broker), 'offline')
  await broker.stop()
})

test('metadata that a Kafka has added before it was stopped in its start are read, and nothing is damaged', async () => {
  const disk = new TroubledDisk()
  const before = await startBroker(config, disk)
  await createTopic(before, 't1')
  await produce(before, { records: batchOf(['a']) })
  await before.stop()
  const text = disk.readFile('recovery-point-offset-checkpoint').toString()
  const lowered = text.replace(/^(__cluster_metadata 0) (\d+)$/m, (_, name, offset) => `${name} ${Number(offset) - 1}`)
  assert.notEqual(lowered, text)
  disk.replaceFile('recovery-point-offset-checkpoint', Buffer.from(lowered))
  const after = await startBroker(config, disk)
  assert.equal(endOf(after), 1)
  await after.stop()
})

test('an older copy of a partition is served once the checkpoint that knows better is removed, as the advice says', async () => {
  const disk = new TroubledDisk()
  const first = await startBroker(config, disk)
  await createTopic(first, 't1')
  await produce(first, { records: batchOf(['a']) })
  await first.stop()
  const backup = disk.list('t1-0').map((name) => [`t1-0/${name}`, disk.readFile(`t1-0/${name}`)] as const)
  const second = await startBroker(config, disk)
  await produce(second, { records: batchOf(['b']) })
  await second.stop()
  for (const name of disk.list('t1-0')) disk.remove(`t1-0/${name}`)
  for (const [path, bytes] of backup) disk.replaceFile(path, bytes)

  const refused = await startBroker(config, disk)
  const hosted = refused.hosted('t1', 0)
  assert.match(hosted.kind === 'offline' ? hosted.reason.message : '', /remove recovery-point-offset-checkpoint/)
  await refused.stop()
  disk.remove('recovery-point-offset-checkpoint')
  const after = await startBroker(config, disk)
  assert.deepEqual([kindOf(after), endOf(after)], ['online', 1])
  await after.stop()
})

test('where a directory could not be made safe nothing is changed any more, and the next start has what was written', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker(config, disk)
  const names = hold()
  disk.beforeSync = (path) => (path === '' ? names.over : Promise.resolve())
  const first = createTopic(broker, 't1')
  disk.beforeSync = () => Promise.resolve()
  names.refuse(new DiskError('failed', '', 'The disk refuses.'))
  await assert.rejects(first)
  await assert.rejects(createTopic(broker, 't2'))
  assert.equal(broker.image.topicCount, 0)
  await broker.stop()
  const after = await startBroker(config, disk)
  assert.equal(kindOf(after), 'online')
  await after.stop()
})

test('the directory of a partition that is offline goes with its topic', async () => {
  const disk = new TroubledDisk()
  const before = await startBroker(config, disk)
  await createTopic(before, 't1')
  await before.stop()
  disk.trouble = (call, path) => (call === 'open' && path === firstLog ? 'too-many-files' : null)
  const broker = await startBroker(config, disk)
  assert.equal(kindOf(broker), 'offline')
  await remove(broker, 't1')
  assert.deepEqual(
    disk.list('').filter((name) => name.startsWith('t1-')),
    []
  )
  await broker.stop()
})

test('who waits for the other members of a group is sent on when its partition goes offline', async () => {
  const waiting = { 'offsets.topic.num.partitions': '1', 'group.initial.rebalance.delay.ms': '3000' }
  const broker = await startBroker(waiting, new TroubledDisk())
  assert.ok(await broker.ensureGroupCoordinators())
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
  const member = { groupId: 'g', memberId: '', groupInstanceId: null, protocolType: 'consumer', protocols }
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 }
  const joining = ask(broker, JoinGroupRequest, JoinGroupResponse, 3, { ...member, ...timeouts, reason: null })
  const coordinator = await broker.groupCoordinatorFor('g')
  broker.replica('__consumer_offsets', 0)?.log.damagedAt(0, 'It is none.')
  assert.equal(await broker.groupCoordinatorFor('g'), undefined)
  assert.equal(coordinator?.isClosed, true)
  assert.equal((await joining).errorCode, ErrorCode.NOT_COORDINATOR)
  await broker.stop()
})

test('a log that still closes when its topic is deleted leaves nothing in the directory of the next one', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker(config, disk)
  await createTopic(broker, 't1')
  const sync = hold()
  disk.beforeSync = (path) => (path === firstLog ? sync.over : Promise.resolve())
  const produced = produce(broker, { records: batchOf(['a']) })
  await setImmediate()
  broker.replica('t1', 0)?.log.damagedAt(0, 'It is none.')
  disk.beforeSync = () => Promise.resolve()
  await remove(broker, 't1')
  await createTopic(broker, 't1')
  sync.release()
  await produced
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  assert.deepEqual(disk.list('t1-0').sort(), disk.list('t1-1').sort())
  const epochs = 'leader-epoch-checkpoint'
  assert.deepEqual(disk.readFile(`t1-0/${epochs}`), disk.readFile(`t1-1/${epochs}`))
  assert.equal((await produce(broker, { records: batchOf(['new']) })).baseOffset, 0)
  await broker.stop()
  assert.ok(disk.exists('.kafka_cleanshutdown'))
})
