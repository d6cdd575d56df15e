/** How the leader of a group shares partitions out, against what Java's RangeAssignor and RoundRobinAssignor give. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AssignorName, assign } from '../../../src/cli/consume/assignment.ts'

const counts = new Map([
  ['a', 3],
  ['b', 2]
])
const shared = (assignor: AssignorName, members: Record<string, string[]>) => {
  const subscriptions = Object.entries(members).map(([memberId, topics]) => ({ memberId, topics }))
  const assignment = assign(assignor, subscriptions, counts)
  return Object.fromEntries(
    [...assignment].map(([member, partitions]) => [
      member,
      partitions.map((one) => `${one.topic}${one.partition}`).join(' ')
    ])
  )
}

test('range gives each member consecutive partitions of each topic, the first ones one more', () => {
  assert.deepEqual(shared('range', { y: ['a', 'b'], x: ['a', 'b'] }), { x: 'a0 a1 b0', y: 'a2 b1' })
  assert.deepEqual(shared('range', { x: ['a'], y: ['a', 'b'], z: ['b'] }), { x: 'a0 a1', y: 'a2 b0', z: 'b1' })
})

test('round robin deals all partitions out in turn, past members that do not read a topic', () => {
  assert.deepEqual(shared('roundrobin', { x: ['a', 'b'], y: ['a', 'b'] }), { x: 'a0 a2 b1', y: 'a1 b0' })
  assert.deepEqual(shared('roundrobin', { x: ['a'], y: ['b'] }), { x: 'a0 a1 a2', y: 'b0 b1' })
})

test('more members than partitions: the last ones get none; a topic that is not there has none', () => {
  assert.deepEqual(shared('range', { x: ['b'], y: ['b'], z: ['b'] }), { x: 'b0', y: 'b1', z: '' })
  assert.deepEqual(shared('range', { x: ['gone'] }), { x: '' })
})
