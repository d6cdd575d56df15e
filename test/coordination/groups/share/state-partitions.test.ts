import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  beginDeleting,
  beginInitializing,
  finishDeleting,
  finishInitializing,
  forgetTopics,
  noStatePartitions,
  type PartitionsByTopic,
  readStatePartitions,
  statePartitionsValue
} from '../../../../src/coordination/groups/share/state-partitions.ts'

const partitions = (name: string, ...numbers: number[]): PartitionsByTopic =>
  new Map([[`id-${name}`, { name, partitions: new Set(numbers) }]])
const place = (name: string, partition: number) => ({ topicId: `id-${name}`, partition })

test('what is initialized was being initialized before', () => {
  const begun = beginInitializing(noStatePartitions, partitions('t', 0, 1, 2))
  const some = finishInitializing(begun, [place('t', 2), place('t', 0), place('other', 0), place('t', 9)])
  assert.deepEqual(some.initializing, partitions('t', 1))
  assert.deepEqual(some.initialized, partitions('t', 2, 0))
  const all = finishInitializing(some, [place('t', 1)])
  assert.equal(all.initializing.size, 0)
  assert.deepEqual([...(all.initialized.get('id-t')?.partitions ?? [])].sort(), [0, 1, 2])
  assert.equal(finishInitializing(all, [place('t', 1)]), all, 'nothing is written of what is known')
})

test('a topic that is to be deleted is not initialized any more, and is again when somebody subscribes to it', () => {
  const initialized = finishInitializing(beginInitializing(noStatePartitions, partitions('t', 0)), [place('t', 0)])
  const deleting = beginDeleting(initialized, new Map([['id-t', 't']]))
  assert.equal(deleting.initialized.size, 0)
  assert.deepEqual([...deleting.deleting], [['id-t', 't']])
  assert.equal(finishDeleting(deleting, new Set(['id-t'])).deleting.size, 0)
  const again = beginInitializing(deleting, partitions('t', 0))
  assert.equal(again.deleting.size, 0)
})

test('of a topic that is gone nothing is said', () => {
  const both = beginInitializing(beginInitializing(noStatePartitions, partitions('t', 0)), partitions('u', 0, 1))
  const left = forgetTopics(both, (topicId) => topicId === 'id-t')
  assert.deepEqual(left.initializing, partitions('u', 0, 1))
  assert.equal(
    forgetTopics(left, () => false),
    left
  )
})

test('what is written reads the same', () => {
  const begun = beginInitializing(noStatePartitions, partitions('t', 1, 0))
  const states = beginDeleting(finishInitializing(begun, [place('t', 0)]), new Map([['id-u', 'u']]))
  assert.deepEqual(readStatePartitions(statePartitionsValue(states)), states)
})
