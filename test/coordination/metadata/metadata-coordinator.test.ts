/** The coordinator of what the cluster knows: the log is the truth, and whoever follows is told before the answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigOperation } from '../../../src/coordination/metadata/configs.ts'
import { ResourceType } from '../../../src/coordination/metadata/image.ts'
import type { MetadataChange, MetadataCoordinator } from '../../../src/coordination/metadata/metadata-coordinator.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { contentsOf, coordinatorOn, inWords, MemoryStateLog, newTopic } from './setup.ts'

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
  metadata.onChange(() => assert.fail('nothing has changed'))
  const before = log.records.length
  const changes = [{ name: 'retention.ms', operation: set, value: '5' }]
  const results = [
    await metadata.createTopics([newTopic('t2')], 'validate-only'),
    await metadata.createPartitions([{ name: 't1', count: 3, assignments: null }], 'validate-only'),
    await metadata.changeConfigs([{ type: ResourceType.topic, name: 't1', changes }], 'validate-only')
  ]
  assert.deepEqual(
    results.flat().map(({ error }) => error),
    [0, 0, 0]
  )
  assert.equal(log.records.length, before)
})

test('who follows is told after the replay and before the answer, even while the sync is pending', async () => {
  const log = new MemoryStateLog()
  const metadata = coordinatorOn(log)
  const told: string[] = []
  metadata.onChange((change) => {
    for (const { name, partitions } of change.created) told.push(`created ${name} with ${partitions.length}`)
    for (const { name, partitions } of change.grown) told.push(`${name} has ${partitions.length}`)
    for (const name of change.configured) told.push(`configured ${name}`)
    for (const { name } of change.deleted) told.push(`deleted ${name}`)
  })
  log.holdSyncs()
  let isAnswered = false
  const answer = metadata.createTopics([newTopic('t1', { partitions: 2 })]).then(() => {
    isAnswered = true
  })
  assert.deepEqual(told, ['created t1 with 2'])
  await Promise.resolve()
  assert.equal(isAnswered, false)
  log.releaseSyncs()
  await answer
  await metadata.createPartitions([{ name: 't1', count: 3, assignments: null }])
  const changes = [{ name: 'retention.ms', operation: set, value: '5' }]
  await metadata.changeConfigs([{ type: ResourceType.topic, name: 't1', changes }])
  await metadata.deleteTopics([metadata.image.topicByName('t1')?.id ?? ''])
  assert.deepEqual(told.slice(1), ['t1 has 3', 'configured t1', 'deleted t1'])
})

test('a configuration of the brokers touches every topic, and is in force at once', async () => {
  const metadata = coordinatorOn()
  await metadata.createTopics([newTopic('t1'), newTopic('t2')])
  const configured: MetadataChange['configured'][] = []
  metadata.onChange((change) => configured.push(change.configured))
  const changes = [{ name: 'log.retention.ms', operation: set, value: '77' }]
  await metadata.changeConfigs([{ type: ResourceType.broker, name: '', changes }])
  assert.deepEqual(configured, [['t1', 't2']])
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
  metadata.onChange(() => assert.fail('nothing has changed'))
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

async function perform(metadata: MetadataCoordinator, one: Action): Promise<void> {
  if (one.kind === 'create') await metadata.createTopics([newTopic(one.name, { partitions: one.partitions })])
  else if (one.kind === 'grow') {
    await metadata.createPartitions([{ name: one.name, count: one.count, assignments: null }])
  } else if (one.kind === 'delete') await metadata.deleteTopics([metadata.image.topicByName(one.name)?.id ?? ''])
  else if (one.kind === 'ids') await metadata.allocateProducerIds(10)
  else {
    const change = { name: one.key, operation: one.value === null ? remove : set, value: one.value }
    await metadata.changeConfigs([{ type: ResourceType.topic, name: one.name, changes: [change] }])
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
