/** Copies of an image, and what replay has changed in it: by cases, and against a comparison of the whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import { ClusterImage, type MetadataDelta, type TopicImage } from '../../../src/coordination/metadata/image.ts'
import {
  configRecord,
  featureLevelRecord,
  partitionChangeRecord,
  partitionRecord,
  producerIdsRecord,
  registerBrokerRecord,
  removeTopicRecord,
  topicRecord,
  unregisterBrokerRecord
} from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { alone, contentsOf } from './setup.ts'

const idOf = (name: string) => Buffer.from(name.padEnd(16, '.')).toString('base64url')
const made = (name: string, id = idOf(name)) => [topicRecord(name, id), partitionRecord(alone(id, 0), 33)]
const broker = (id: number, epoch: number) => ({
  ...{ id, epoch, incarnationId: idOf('incarnation'), directories: [], endpoints: [], rack: null },
  ...{ fenced: false, inControlledShutdown: false, features: [] }
})

function replayed(image: ClusterImage, ...records: readonly StateRecord[]): ClusterImage {
  for (const record of records) replayMetadata(image, record)
  return image
}

/** An image that collects, with topics `a` and `b`. */
function collecting(): ClusterImage {
  const image = replayed(new ClusterImage(), ...made('a'), ...made('b'))
  image.takeDelta()
  return image
}

/** A delta in few words. */
function inShort(delta: MetadataDelta): object {
  return {
    created: delta.created.map(({ name }) => name),
    deleted: delta.deleted.map(({ name }) => name),
    partitions: delta.partitions.map(
      ({ topic, partition, before }) =>
        `${topic.name}-${partition.partitionId} ${before?.partitionEpoch ?? 'new'}-${partition.partitionEpoch}`
    ),
    configs: delta.configs.map(({ type, name }) => `${type}:${name}`),
    brokers: delta.brokers
  }
}

const nothing = { created: [], deleted: [], partitions: [], configs: [], brokers: [] }
const change = (name: string, partitionId = 0) =>
  partitionChangeRecord({ topicId: idOf(name), partitionId, isr: [1] }, 33)

const cases: readonly (readonly [what: string, records: readonly StateRecord[], delta: object])[] = [
  ['nothing', [], {}],
  ['a new topic', made('c'), { created: ['c'], partitions: ['c-0 new-0'] }],
  ['a new topic that changes at once', [...made('c'), change('c')], { created: ['c'], partitions: ['c-0 new-1'] }],
  ['a topic that grows', [partitionRecord(alone(idOf('a'), 1), 33)], { partitions: ['a-1 new-0'] }],
  ['two changes of a partition', [change('a'), change('a')], { partitions: ['a-0 0-2'] }],
  [
    'a deleted topic',
    [change('a'), configRecord(2, 'a', 'retention.ms', null), removeTopicRecord(idOf('a'))],
    { deleted: ['a'] }
  ],
  ['a topic that was made and deleted', [...made('c'), removeTopicRecord(idOf('c'))], {}],
  [
    'a topic that was deleted and made again',
    [removeTopicRecord(idOf('a')), ...made('a', idOf('again')), configRecord(2, 'a', 'retention.ms', '1')],
    { created: ['a'], deleted: ['a'], partitions: ['a-0 new-0'], configs: ['2:a'] }
  ],
  [
    'settings, each resource once',
    [
      ...[configRecord(2, 'a', 'retention.ms', '1'), configRecord(2, 'a', 'retention.bytes', '1')],
      ...[configRecord(4, '', 'num.partitions', '2'), configRecord(32, 'group:1', 'consumer.session.timeout.ms', '1')]
    ],
    { configs: ['2:a', '4:', '32:group:1'] }
  ],
  ['brokers', [registerBrokerRecord(broker(1, 5), 33), registerBrokerRecord(broker(2, 6), 33)], { brokers: [1, 2] }],
  [
    'a broker that came and went',
    [registerBrokerRecord(broker(1, 5), 33), unregisterBrokerRecord(broker(1, 5))],
    { brokers: [1] }
  ],
  ['a block of producer ids', [producerIdsRecord(1, 1000), featureLevelRecord('metadata.version', 33)], {}]
]

for (const [what, records, delta] of cases) {
  test(`a delta tells of ${what}, once`, () => {
    const image = replayed(collecting(), ...records)
    assert.deepEqual(inShort(image.takeDelta()), { ...nothing, ...delta })
    assert.deepEqual(inShort(image.takeDelta()), nothing)
  })
}

test('nothing is collected before the first delta is taken', () => {
  const image = replayed(new ClusterImage(), ...made('a'))
  assert.deepEqual(inShort(image.takeDelta()), nothing)
})

test('a delta has the topics of the image, and a deleted one as it was', () => {
  const image = collecting()
  const a = image.topicByName('a')
  replayed(image, change('b'), removeTopicRecord(idOf('a')))
  const { deleted, partitions } = image.takeDelta()
  assert.equal(deleted[0], a)
  assert.equal(partitions[0]?.topic, image.topicByName('b'))
})

test('a copy says the same, shares what never changes, and goes its own way', () => {
  const image = replayed(
    collecting(),
    ...[configRecord(2, 'a', 'retention.ms', '1'), featureLevelRecord('metadata.version', 33)],
    ...[registerBrokerRecord(broker(1, 5), 33), producerIdsRecord(1, 1000), removeTopicRecord(idOf('b'))]
  )
  const copy = image.copy()
  const before = structuredClone(contentsOf(image))
  assert.deepEqual(contentsOf(copy), before)
  assert.equal(copy.partition(idOf('a'), 0), image.partition(idOf('a'), 0))
  assert.equal(copy.wasRemoved(idOf('b')), true)
  assert.deepEqual(inShort(copy.takeDelta()), nothing)
  replayed(
    copy,
    ...[change('a'), partitionRecord(alone(idOf('a'), 1), 33), ...made('c'), configRecord(2, 'a', 'retention.ms', '2')],
    ...[featureLevelRecord('metadata.version', 32), unregisterBrokerRecord(broker(1, 5)), producerIdsRecord(1, 2000)]
  )
  assert.deepEqual(contentsOf(image), before)
  assert.equal(image.topicCollidingWith('c'), undefined)
})

/** Records that fit what is there, one after another. */
function anyRecord(image: ClusterImage, chance: SeededChance): StateRecord {
  const topics = image.sortedTopics()
  const topic = topics[chance.below(Math.max(1, topics.length))]
  const brokers = [...image.brokers()]
  const choice = chance.below(7)
  if (topic === undefined || choice === 0) {
    const name = `t${chance.below(4)}`
    if (image.topicByName(name) === undefined) return topicRecord(name, idOf(`${name}-${chance.below(1e9)}`))
  }
  if (topic !== undefined && choice === 1) return removeTopicRecord(topic.id)
  if (topic !== undefined && choice === 2 && topic.partitions.length > 0) {
    const partitionId = chance.below(topic.partitions.length)
    return partitionChangeRecord({ topicId: topic.id, partitionId, leader: chance.below(3) }, 33)
  }
  if (topic !== undefined && choice <= 3) return partitionRecord(alone(topic.id, topic.partitions.length), 33)
  if (topic !== undefined && choice === 4) {
    return configRecord(2, topic.name, 'retention.ms', chance.below(3) === 0 ? null : String(chance.below(9)))
  }
  const [registered] = brokers
  if (choice === 5 && registered !== undefined) return unregisterBrokerRecord(registered)
  return registerBrokerRecord(broker(chance.below(3), chance.below(1e9)), 33)
}

/** What a follower knows that has only ever had a first copy and deltas. */
interface Follower {
  readonly topics: Map<string, { readonly name: string; readonly epochs: number[] }>
  readonly configs: Map<string, string | undefined>
  readonly brokers: Map<number, number>
}

const epochsOf = ({ name, partitions }: TopicImage) => ({ name, epochs: partitions.map((p) => p.partitionEpoch) })
const followerOf = (image: ClusterImage): Follower => ({
  topics: new Map(Array.from(image.topics(), (topic) => [topic.id, epochsOf(topic)])),
  configs: new Map(Array.from(image.topics(), ({ name }) => [name, image.topicConfig(name).get('retention.ms')])),
  brokers: new Map(Array.from(image.brokers(), ({ id, epoch }) => [id, epoch]))
})

function follow(follower: Follower, image: ClusterImage): void {
  const { created, deleted, partitions, configs, brokers } = image.takeDelta()
  for (const { id, name } of deleted) {
    assert.ok(follower.topics.delete(id), 'a topic is deleted that was there')
    follower.configs.delete(name)
  }
  for (const { id, name } of created) {
    assert.ok(!follower.topics.has(id), 'a topic is created that was not there')
    follower.topics.set(id, { name, epochs: [] })
    follower.configs.set(name, undefined)
  }
  for (const { topic, partition, before } of partitions) {
    const epochs = follower.topics.get(topic.id)?.epochs
    assert.equal(epochs?.[partition.partitionId], before?.partitionEpoch)
    epochs?.splice(partition.partitionId, 1, partition.partitionEpoch)
  }
  for (const { name } of configs) follower.configs.set(name, image.topicConfig(name).get('retention.ms'))
  for (const id of brokers) {
    const epoch = image.brokerEpoch(id)
    if (epoch === undefined) follower.brokers.delete(id)
    else follower.brokers.set(id, epoch)
  }
}

test('whoever follows by deltas knows what the image says, whatever happens and whenever he asks', () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const chance = new SeededChance(seed)
    const image = new ClusterImage()
    for (let step = chance.below(20); step > 0; step -= 1) replayMetadata(image, anyRecord(image, chance))
    const copy = image.copy()
    const follower = followerOf(copy)
    copy.takeDelta()
    for (let step = 0; step < 60; step += 1) {
      const record = anyRecord(image, chance)
      replayed(image, record)
      replayed(copy, record)
      if (chance.below(4) > 0) continue
      follow(follower, copy)
      assert.deepEqual(follower, followerOf(copy), `seed ${seed}, step ${step}`)
    }
    assert.deepEqual(contentsOf(copy), contentsOf(image))
  }
})
