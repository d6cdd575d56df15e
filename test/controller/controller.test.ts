/** The coordinator of what the cluster knows: the log is the truth, and whoever follows is told before the answer. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Controller } from '../../src/controller/controller.ts'
import { ConfigOperation } from '../../src/coordination/metadata/configs.ts'
import { type ClusterImage, ResourceType } from '../../src/coordination/metadata/image.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import {
  contentsOf,
  coordinatorOn,
  directoryId,
  followed,
  follower,
  inWords,
  MemoryStateLog,
  newTopic,
  nodeId
} from '../coordination/metadata/setup.ts'
import * as fc from '../harness/properties.ts'

const { set, delete: remove } = ConfigOperation

test('a new log begins with the features of Kafka 4.4 and the minimum of in-sync replicas', () => {
  const log = new MemoryStateLog()
  coordinatorOn(log, { 'min.insync.replicas': '2' })
  const feature = (name: string, featureLevel: number) => ['FeatureLevelRecord', { name, featureLevel }]
  assert.deepEqual(inWords(log.records), [
    feature('metadata.version', 33),
    feature('eligible.leader.replicas.version', 1),
    feature('group.version', 1),
    feature('share.version', 2),
    feature('streams.version', 1),
    feature('transaction.version', 2),
    ['ConfigRecord', { resourceType: 4, resourceName: '', name: 'min.insync.replicas', value: '2' }]
  ])
  coordinatorOn(log)
  assert.equal(log.records.length, 7, 'and it begins once')
})

test('only looking at a request writes nothing and tells nobody', async () => {
  const log = new MemoryStateLog()
  const metadata = coordinatorOn(log)
  await metadata.createTopics([newTopic('t1')])
  await metadata.attach(
    nodeId,
    follower(() => assert.fail('nothing has changed'))
  )
  const before = log.records.length
  const changes = [{ name: 'retention.ms', operation: set, value: '5' }]
  const results = [
    await metadata.createTopics([newTopic('t2')], 'validate-only'),
    await metadata.createPartitions([{ name: 't1', count: 3, assignments: null }], 'validate-only'),
    await metadata.configs.change([{ type: ResourceType.topic, name: 't1', changes }], 'validate-only')
  ]
  assert.deepEqual(
    results.flat().map(({ error }) => error),
    [0, 0, 0]
  )
  assert.equal(log.records.length, before)
})

test('a broker is told when it is safe, before the answer, in the order of the log', async () => {
  const log = new MemoryStateLog()
  const controller = coordinatorOn(log)
  const image = await followed(controller)
  log.holdSyncs()
  let isAnswered = false
  const answer = controller.createTopics([newTopic('t1', { partitions: 2 })]).then(() => {
    isAnswered = true
    assert.equal(image.topicByName('t1')?.partitions.length, 2)
  })
  const changes = [{ name: 'retention.ms', operation: set, value: '5' }]
  const configured = controller.configs.change([{ type: ResourceType.topic, name: 't1', changes }])
  await new Promise(setImmediate)
  assert.equal(
    controller.image.topicByName('t1')?.partitions.length,
    2,
    'the controller decides on what it has written'
  )
  assert.equal(image.topicByName('t1'), undefined)
  assert.equal(isAnswered, false)
  log.releaseSyncs()
  await Promise.all([answer, configured])
  assert.equal(image.topicConfig('t1').get('retention.ms'), '5')
  await controller.createPartitions([{ name: 't1', count: 3, assignments: null }])
  assert.equal(image.topicByName('t1')?.partitions.length, 3)
  await controller.deleteTopics([controller.image.topicByName('t1')?.id ?? ''])
  assert.deepEqual(contentsOf(image), contentsOf(controller.image))
})

test('what cannot be made safe is refused, and no broker is told of it or of what comes after', async () => {
  const log = new MemoryStateLog()
  const controller = coordinatorOn(log)
  const image = await followed(controller)
  log.hasLostSyncs = true
  const [lost] = await controller.createTopics([newTopic('t1')])
  log.hasLostSyncs = false
  const [after] = await controller.createTopics([newTopic('t2')])
  assert.deepEqual([lost?.error, after?.error], [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.KAFKA_STORAGE_ERROR])
  assert.equal(image.topicCount, 0)
})

test('a broker whose disk keeps no names is refused new partitions, and does not keep the cluster from all that comes after', async () => {
  const nodes = [1, 2].map((id) => ({ nodeId: id, directoryId }))
  const controller = coordinatorOn(new MemoryStateLog(), {}, nodes)
  let isBroken = true
  const image: ClusterImage = await controller.attach(nodeId, {
    ...follower((records) => {
      for (const record of records) replayMetadata(image, record)
    }),
    namesSafe: () => (isBroken ? Promise.reject(new DiskError('failed', '', 'The disk refuses.')) : Promise.resolve())
  })
  const [refused] = await controller.createTopics([newTopic('t1')])
  assert.equal(refused?.error, ErrorCode.KAFKA_STORAGE_ERROR)
  await controller.brokers.fence(nodeId)
  await controller.brokers.heartbeat({ brokerId: nodeId, brokerEpoch: 1, knowsItself: true, offline: [], opened: [] })
  isBroken = false
  const [made] = await controller.createTopics([newTopic('t2')])
  assert.equal(made?.error, ErrorCode.NONE)
  assert.deepEqual(image.sortedTopics(), controller.image.sortedTopics(), 'nobody is left out of what is in the log')
})

test('a topic that takes a name waits until the brokers have let go of the one before', async () => {
  const log = new MemoryStateLog()
  const controller = coordinatorOn(log)
  await controller.createTopics([newTopic('t1')])
  const told: string[] = []
  const { deleted } = { deleted: controller.image.topicByName('t1')?.id ?? '' }
  await controller.attach(nodeId, {
    ...follower(() => told.push('told')),
    prepare({ topic }) {
      told.push(`prepare ${topic}`)
      return []
    }
  })
  log.holdSyncs()
  const deletion = controller.deleteTopics([deleted])
  const creation = controller.createTopics([newTopic('t1')])
  await new Promise(setImmediate)
  assert.deepEqual(told, [])
  log.releaseSyncs()
  await Promise.all([deletion, creation])
  assert.deepEqual(told, ['told', 'prepare t1', 'told'])
})

test('a broker that comes while something is being made safe begins with it, and hears of it once', async () => {
  const log = new MemoryStateLog()
  const controller = coordinatorOn(log)
  log.holdSyncs()
  const creation = controller.createTopics([newTopic('t1')])
  const following = followed(controller)
  log.releaseSyncs()
  await creation
  const image = await following
  await controller.createPartitions([{ name: 't1', count: 2, assignments: null }])
  assert.deepEqual(contentsOf(image), contentsOf(controller.image))
})

test('one request may make ten thousand partitions and no more', async () => {
  const metadata = coordinatorOn()
  const excess = { error: 44, message: 'Excessively large number of partitions per request.' }
  const many = [newTopic('a', { partitions: 6000 }), newTopic('b', { partitions: 6000 })]
  assert.deepEqual(await metadata.createTopics(many), [excess, excess])
  const [result] = await metadata.createTopics([newTopic('a', { partitions: 10_000 })])
  assert.equal(result?.error, 0)
  assert.equal(metadata.image.partitionCount, 10_000)
  assert.deepEqual(await metadata.createPartitions([{ name: 'a', count: 20_001, assignments: null }]), [
    { error: 44, message: 'Excessively large number of additional partitions per request.' }
  ])
})

test('two topics of one request whose names collide: the first is made', async () => {
  const metadata = coordinatorOn()
  const results = await metadata.createTopics([newTopic('a.b'), newTopic('a_b')])
  assert.deepEqual(
    results.map(({ error }) => error),
    [0, 17]
  )
})

test('a name is free again after its topic is deleted, and its configuration with it', async () => {
  const metadata = coordinatorOn()
  await metadata.createTopics([newTopic('a.b', { config: new Map([['retention.ms', '5']]) })])
  await metadata.deleteTopics([metadata.image.topicByName('a.b')?.id ?? ''])
  assert.deepEqual([...metadata.image.topicConfig('a.b')], [])
  const [again] = await metadata.createTopics([newTopic('a_b')])
  assert.equal(again?.error, 0)
})

test('no producer id is given away twice, whatever happens in between', async () => {
  const log = new MemoryStateLog()
  const { first, count } = await coordinatorOn(log).allocateProducerIds(1000)
  assert.equal(count, 1000)
  assert.deepEqual(await coordinatorOn(log).allocateProducerIds(1000), { first: first + 1000, count: 1000 })
})

test('what the log refuses has not happened', async () => {
  const log = new MemoryStateLog()
  const metadata = coordinatorOn(log)
  const before = contentsOf(metadata.image)
  await metadata.attach(
    nodeId,
    follower(() => assert.fail('nothing has changed'))
  )
  log.isFull = true
  const [result] = await metadata.createTopics([newTopic('t1')])
  assert.equal(result?.error, ErrorCode.KAFKA_STORAGE_ERROR)
  assert.deepEqual(contentsOf(metadata.image), before)
})

test('topics are told in the order of their names, from any name on', async () => {
  const metadata = coordinatorOn()
  await metadata.createTopics(['c', 'a', 'b-1', 'b'].map((name) => newTopic(name)))
  const from = (name: string) => Array.from(metadata.image.topicsFrom(name), (topic) => topic.name)
  assert.deepEqual(from(''), ['a', 'b', 'b-1', 'c'])
  assert.deepEqual(from('b'), ['b', 'b-1', 'c'])
  assert.deepEqual(from('b-'), ['b-1', 'c'])
  assert.deepEqual(from('d'), [])
})

const name = fc.constantFrom('a', 'b.c', 'b_c', 'd')
const action = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), name, partitions: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('grow' as const), name, count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('delete' as const), name }),
  fc.record({
    kind: fc.constant('configure' as const),
    name,
    key: fc.constantFrom('retention.ms', 'segment.ms'),
    value: fc.option(fc.nat().map(String))
  }),
  fc.record({ kind: fc.constant('ids' as const) })
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

async function perform(metadata: Controller, one: Action): Promise<void> {
  if (one.kind === 'create') await metadata.createTopics([newTopic(one.name, { partitions: one.partitions })])
  else if (one.kind === 'grow') {
    await metadata.createPartitions([{ name: one.name, count: one.count, assignments: null }])
  } else if (one.kind === 'delete') await metadata.deleteTopics([metadata.image.topicByName(one.name)?.id ?? ''])
  else if (one.kind === 'ids') await metadata.allocateProducerIds(10)
  else {
    const change = { name: one.key, operation: one.value === null ? remove : set, value: one.value }
    await metadata.configs.change([{ type: ResourceType.topic, name: one.name, changes: [change] }])
  }
}

test('whatever was done, a start from the log knows the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      const log = new MemoryStateLog()
      const metadata = coordinatorOn(log)
      for (const one of actions) await perform(metadata, one)
      assert.deepEqual(contentsOf(coordinatorOn(log).image), contentsOf(metadata.image))
      const { image } = metadata
      const partitions = Array.from(image.topics(), (topic) => topic.partitions.length)
      assert.equal(
        image.partitionCount,
        partitions.reduce((sum, count) => sum + count, 0)
      )
    }),
    { numRuns: 100 }
  )
})
