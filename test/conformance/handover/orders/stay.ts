/**
 * A stay of one broker on the directory: first everything that was ever acknowledged is looked at, then clients do this and
 * that, by chance, and what they are told goes into the model.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './client.ts'
import type { Dice } from './dice.ts'
import { differenceIn, type Model, type ModelTopic, partitionOf } from './model.ts'

/** With segments of a moment, so that there is always something to compact. */
const compacted: readonly (readonly [string, string])[] = [
  ['cleanup.policy', 'compact'],
  ['segment.ms', '1'],
  ['min.cleanable.dirty.ratio', '0.01'],
  ['delete.retention.ms', '0'],
  // At 0 a Kafka closes the file of a compacted segment while it still sends from it, and the connection with it.
  ['file.delete.delay.ms', '1000']
]
const groups = ['readers', 'watchers', 'visited']
const names = ['apples', 'pears', 'plums', 'quinces', 'medlars']

export interface Scene {
  readonly client: Client
  readonly model: Model
  readonly dice: Dice
  readonly broker: 'odradek' | 'kafka'
  /** What a kill would take back is not done before one: Kafka writes down where a log begins once a minute. */
  readonly end: 'stop' | 'kill'
}

export async function lookAtEverything({ client, model }: Scene): Promise<void> {
  const expected = [...model.topics.values()].map(({ name, partitions }) => ({ name, partitions: partitions.length }))
  const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1)
  assert.deepEqual((await client.topics()).sort(byName), expected.sort(byName))
  for (const topic of model.topics.values()) {
    assert.deepEqual(await client.configOf(topic.name), topic.config, `the configuration of ${topic.name}`)
    for (const [partition, known] of topic.partitions.entries()) {
      const name = `${topic.name}-${partition}`
      assert.equal(await client.offset(topic.name, partition, -1), known.endOffset, `the end of ${name}`)
      assert.equal(await client.offset(topic.name, partition, -2), known.startOffset, `the beginning of ${name}`)
      const { records, lastStableOffset } = await client.fetchAll(topic.name, partition, known.endOffset)
      const difference = differenceIn(topic, known, records)
      assert.equal(difference, null, `${name}: ${difference}`)
      assert.equal(lastStableOffset, model.lastStableOffset(topic, partition), `the last stable offset of ${name}`)
    }
  }
  for (const { group, topic, partition, offset } of model.commits.values()) {
    assert.equal(await client.committed(group, topic, partition), offset, `${group} on ${topic}-${partition}`)
  }
}

/**
 * What lies in the directory of a broker that has ended: no stray of a topic that is there, and each topic under the id that it
 * has always had. A Kafka that is killed while it deletes a topic has strays of that one at its next start.
 */
export function lookAtDirectory(directory: string, model: Model): void {
  const strays = readdirSync(directory).filter((name) => name.endsWith('-stray'))
  for (const stray of strays) {
    const id = topicIdIn(join(directory, stray))
    const names = [...model.topics.values()].filter((topic) => id !== null && topic.id === id).map(({ name }) => name)
    assert.deepEqual(names, [], `${stray} is of a topic that is there`)
  }
  for (const topic of model.topics.values()) {
    const id = topicIdIn(join(directory, `${topic.name}-0`))
    if (id === null) continue
    assert.ok(!model.gone.has(id), `${topic.name} has the id ${id} of a topic that was deleted`)
    topic.id ??= id
    assert.equal(id, topic.id, `the id of ${topic.name}`)
  }
}

/** Null for a log that its broker had not come to give one. */
function topicIdIn(directory: string): string | null {
  const path = join(directory, 'partition.metadata')
  const [, id = null] = existsSync(path) ? (/^topic_id: (\S+)$/m.exec(readFileSync(path, 'utf8')) ?? []) : []
  return id
}

export async function doThisAndThat(scene: Scene, deeds: number): Promise<void> {
  await scene.client.findCoordinator('group')
  await scene.client.findCoordinator('transaction')
  if (scene.model.topics.size === 0) await create(scene)
  for (let left = deeds; left > 0; left -= 1) await scene.dice.pick(deedsOf(scene))(scene)
}

type Deed = (scene: Scene) => Promise<void>

function deedsOf({ broker }: Scene): readonly Deed[] {
  const often: Deed[] = [write, write, write, write, writeAsProducer, writeAsProducer, writeAsProducer, commit, commit]
  const seldom: Deed[] = [create, grow, remake, reconfigure, trim]
  const transactions: Deed[] = [beginTransaction, endTransaction]
  return [...often, ...seldom, ...transactions, ...(broker === 'kafka' ? [visitGroup] : [])]
}

async function create({ client, model, dice }: Scene): Promise<void> {
  const free = names.filter((name) => !model.topics.has(name))
  if (free.length === 0) return
  const name = dice.pick(free)
  const config = new Map(dice.below(3) === 0 ? compacted : [])
  const partitions = 1 + dice.below(3)
  await client.createTopic(name, partitions, config)
  model.addTopic(name, partitions, config)
}

async function grow({ client, model, dice }: Scene): Promise<void> {
  const topic = dice.pick([...model.topics.values()])
  const partitions = topic.partitions.length + 1
  if (partitions > 5) return
  await client.growTopic(topic.name, partitions)
  model.growTopic(topic, partitions)
}

/** Deletes a topic; now and then it is there again at once. */
async function remake({ client, model, dice, broker }: Scene): Promise<void> {
  const topic = dice.pick([...model.topics.values()])
  if (model.isInTransaction(topic.name) || model.topics.size === 1) return
  // A Kafka that replays its own making and deletion of a topic in one go keeps the configuration for the next of that name.
  if (broker === 'kafka') for (const key of topic.config.keys()) await client.configure(topic.name, key, null)
  await client.deleteTopic(topic.name)
  model.removeTopic(topic)
  if (dice.below(2) === 0) return
  await client.createTopic(topic.name, 1, new Map())
  model.addTopic(topic.name, 1, new Map())
}

async function reconfigure({ client, model, dice }: Scene): Promise<void> {
  const topic = dice.pick([...model.topics.values()])
  const key = dice.pick(['retention.ms', 'max.message.bytes'])
  const value = dice.below(3) === 0 ? null : String(1_000_000_000 + dice.below(1000))
  if (value === null && !topic.config.has(key)) return
  await client.configure(topic.name, key, value)
  if (value === null) topic.config.delete(key)
  else topic.config.set(key, value)
}

async function trim({ client, model, dice, broker, end }: Scene): Promise<void> {
  if (broker === 'kafka' && end === 'kill') return
  const [topic, partition] = anyPartition(model, dice)
  if (topic.isCompacted || model.isInTransaction(topic.name, partition)) return
  const known = partitionOf(topic, partition)
  const offset = known.startOffset + dice.below(1 + Math.floor((known.endOffset - known.startOffset) / 2))
  if (offset === known.startOffset) return
  await client.deleteRecordsBefore(topic.name, partition, offset)
  known.startOffset = offset
}

async function write({ client, model, dice }: Scene): Promise<void> {
  const [topic, partition] = anyPartition(model, dice)
  for (let batches = 1 + dice.below(4); batches > 0; batches -= 1) {
    const records = recordsBy(dice)
    model.append(topic, partition, await client.produce(topic.name, partition, records), records)
  }
}

/** A new producer, or one that wrote here before, in this stay or an earlier one: its sequence numbers go on. */
async function writeAsProducer({ client, model, dice }: Scene): Promise<void> {
  const earlier = model.writings.length > 0 && dice.below(3) > 0 ? dice.pick(model.writings) : null
  if (earlier !== null && dice.below(3) === 0) {
    const { topic, partition, producer, last } = earlier
    const again = { ...producer, sequence: last.sequence, isTransactional: false }
    const offset = await client.produce(topic.name, partition, last.records, again)
    assert.equal(offset, last.offset, `a batch that is sent again to ${topic.name}-${partition}`)
    return
  }
  const [topic, partition] = earlier ? ([earlier.topic, earlier.partition] as const) : anyPartition(model, dice)
  if (topic.isCompacted) return
  const producer = earlier?.producer ?? (await newProducer(client, model))
  const sequence = earlier?.nextSequence ?? 0
  const records = recordsBy(dice)
  const offset = await client.produce(topic.name, partition, records, { ...producer, sequence, isTransactional: false })
  model.append(topic, partition, offset, records)
  const last = { records, sequence, offset }
  const nextSequence = sequence + records.length
  if (earlier === null) model.writings.push({ producer, topic, partition, nextSequence, last })
  else Object.assign(earlier, { nextSequence, last })
}

async function newProducer(client: Client, model: Model) {
  const producer = await client.producer(null)
  assert.ok(!model.producerIds.has(producer.id), `the producer id ${producer.id} is given again`)
  model.producerIds.add(producer.id)
  return producer
}

async function commit({ client, model, dice }: Scene): Promise<void> {
  const [topic, partition] = anyPartition(model, dice)
  const group = dice.pick(groups)
  const offset = dice.below(1000)
  await client.commit(group, topic.name, partition, offset)
  model.commit(group, topic.name, partition, offset)
}

async function visitGroup({ client, model, dice }: Scene): Promise<void> {
  const memberId = Buffer.from(`member-${dice.below(1_000_000)}`.padEnd(16, '.')).toString('base64url')
  await client.visitGroup('visited', memberId, dice.pick([...model.topics.keys()]))
}

async function beginTransaction({ client, model, dice }: Scene): Promise<void> {
  const [topic, partition] = anyPartition(model, dice)
  if (topic.isCompacted || model.transactions.length > 2) return
  const transactionalId = `transaction-${dice.below(1_000_000)}`
  const producer = await client.producer(transactionalId)
  const by = { ...producer, sequence: 0, isTransactional: true, transactionalId }
  const records = recordsBy(dice)
  await client.addToTransaction(transactionalId, producer, topic.name, partition)
  const firstOffset = await client.produce(topic.name, partition, records, by)
  model.append(topic, partition, firstOffset, records)
  // A group of its own: what is committed in a transaction that ends later would overwrite what others commit meanwhile.
  const committed = dice.below(2) === 0 ? { group: `in-${transactionalId}`, offset: dice.below(1000) } : null
  if (committed !== null) {
    await client.commitInTransaction(transactionalId, producer, { ...committed, topic: topic.name, partition })
  }
  model.transactions.push({ transactionalId, producer, topic: topic.name, partition, firstOffset, commit: committed })
}

async function endTransaction({ client, model, dice }: Scene): Promise<void> {
  if (model.transactions.length === 0) return
  const [open] = model.transactions.splice(dice.below(model.transactions.length), 1)
  const topic = model.topics.get(open?.topic ?? '')
  if (open === undefined || topic === undefined) return
  const outcome = dice.pick(['commit', 'abort'] as const)
  await client.endTransaction(open.transactionalId, open.producer, outcome)
  const known = partitionOf(topic, open.partition)
  // The marker takes an offset. The coordinator has answered before it is written.
  known.endOffset += 1
  await client.untilEnd(open.topic, open.partition, known.endOffset)
  if (open.commit === null) return
  const { group, offset } = open.commit
  if (outcome === 'commit') model.commit(group, open.topic, open.partition, offset)
  await client.untilCommitted(group, open.topic, open.partition, outcome === 'commit' ? offset : -1)
}

function anyPartition(model: Model, dice: Dice): readonly [ModelTopic, number] {
  const topic = dice.pick([...model.topics.values()])
  return [topic, dice.below(topic.partitions.length)]
}

function recordsBy(dice: Dice): { key: string; value: string }[] {
  return Array.from({ length: 1 + dice.below(8) }, () => ({
    key: `key-${dice.below(5)}`,
    value: `${dice.below(1_000_000_000)}`.padEnd(1 + dice.below(200), '.')
  }))
}
