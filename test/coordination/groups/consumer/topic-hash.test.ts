import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupHash, topicHash } from '../../../../src/coordination/groups/consumer/topic-hash.ts'
import type { GroupTopics } from '../../../../src/coordination/groups/topic-names.ts'

const made = new Map([
  ['hash-a', { id: 'qBbn4SnsQtyRPt7RRuhaqg', partitions: 3 }],
  ['hash-bb', { id: 'Eeful05BSueOb1AwrAewQQ', partitions: 40 }]
])

const topics = (racks: readonly string[] = []): GroupTopics => ({
  nameOf: () => undefined,
  idOf: (name) => made.get(name)?.id,
  exists: () => true,
  partitionCount: (name) => made.get(name)?.partitions ?? 0,
  racksOf: () => racks,
  names: () => made.keys()
})

function hashOf(names: readonly string[], of = topics()): bigint {
  return groupHash(names, of, (name) => topicHash(name, of))
}

test('the hash of topics is what Apache Kafka 4.4.0 wrote for them', () => {
  assert.equal(hashOf(['hash-a']), 2162946301647556504n)
  assert.equal(hashOf(['hash-bb', 'hash-a']), -7773022124091676392n)
  assert.equal(hashOf(['hash-bb', 'nowhere']), -6927384000778276170n)
})

test('topics that do not exist do not count', () => {
  assert.equal(hashOf(['nowhere']), 0n)
})

test('copies in another rack make another hash, in whichever order they are told', () => {
  assert.notEqual(hashOf(['hash-a'], topics(['one'])), hashOf(['hash-a']))
  assert.equal(hashOf(['hash-a'], topics(['one', 'two'])), hashOf(['hash-a'], topics(['two', 'one'])))
})
