import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssignedMember, Targets } from '../../../../src/coordination/groups/assignors/assignor.ts'
import { assignSimply } from '../../../../src/coordination/groups/assignors/simple.ts'
import * as fc from '../../../harness/properties.ts'

const counts: Readonly<Record<string, number>> = { t1: 5, t2: 3, t3: 1 }
const topics = Object.keys(counts)
const partitionsOf = (topicId: string) => new Set(Array(counts[topicId] ?? 0).keys())
const none = new Map<string, ReadonlySet<number>>()

function membersOf(wanted: readonly (readonly string[])[], before: Targets = new Map()): AssignedMember[] {
  return wanted.map((names, index) => {
    const memberId = `m${String(index).padStart(2, '0')}`
    return { memberId, instanceId: null, topicIds: new Set(names), target: before.get(memberId) ?? none }
  })
}

function assign(members: readonly AssignedMember[]): Targets {
  const [first] = members
  const isAlike = members.every(({ topicIds }) => [...topicIds].join() === [...(first?.topicIds ?? [])].join())
  return assignSimply({ members, isAlike, partitionsOf })
}

/** Readers of each partition that somebody subscribes to. */
function readersOf(members: readonly AssignedMember[], targets: Targets): Map<string, string[]> {
  const readers = new Map<string, string[]>()
  for (const { topicIds } of members) {
    for (const topicId of topicIds) for (const one of partitionsOf(topicId)) readers.set(`${topicId}-${one}`, [])
  }
  for (const { memberId, topicIds } of members) {
    for (const [topicId, partitions] of targets.get(memberId) ?? []) {
      assert.ok(topicIds.has(topicId), `${memberId} does not subscribe to ${topicId}`)
      for (const partition of partitions) readers.get(`${topicId}-${partition}`)?.push(memberId)
    }
  }
  return readers
}

function sizeOf(targets: Targets, memberId: string): number {
  return [...(targets.get(memberId)?.values() ?? [])].reduce((sum, partitions) => sum + partitions.size, 0)
}

const subscriptions = fc.array(fc.subarray(topics), { minLength: 1, maxLength: 12 })

test('every partition has a reader who subscribes to it, and every subscriber of partitions has one, however often members change', () => {
  fc.assert(
    fc.property(subscriptions, subscriptions, subscriptions, (...rounds) => {
      let before: Targets = new Map()
      for (const round of rounds) {
        const members = membersOf(round, before)
        before = assign(members)
        for (const [partition, readers] of readersOf(members, before)) assert.ok(readers.length > 0, partition)
        for (const { memberId, topicIds } of members) {
          if (topicIds.size > 0) assert.ok(sizeOf(before, memberId) > 0, memberId)
        }
      }
    })
  )
})

test('who subscribes to the same has as many partitions, or one more; partitions have as many readers, or one less', () => {
  const sizes = fc.integer({ min: 1, max: 12 })
  fc.assert(
    fc.property(
      fc.subarray(topics, { minLength: 1 }),
      fc.array(sizes, { minLength: 1, maxLength: 5 }),
      (names, steps) => {
        let before: Targets = new Map()
        for (const size of steps) {
          const members = membersOf(Array<readonly string[]>(size).fill(names), before)
          before = assign(members)
          const held = members.map(({ memberId }) => sizeOf(before, memberId))
          assert.ok(Math.max(...held) - Math.min(...held) <= 1, held.join())
          const readers = [...readersOf(members, before).values()].map(({ length }) => length)
          assert.ok(Math.max(...readers) <= Math.ceil(size / readers.length), readers.join())
        }
      }
    )
  )
})

test('where nothing has changed nothing moves', () => {
  fc.assert(
    fc.property(subscriptions, (round) => {
      const first = assign(membersOf(round))
      assert.deepEqual(assign(membersOf(round, first)), first)
    })
  )
})

test('with more partitions than members each has one reader, who stays keeps what fits', () => {
  const two = membersOf([['t1'], ['t1']])
  const before = assign(two)
  assert.deepEqual([sizeOf(before, 'm00'), sizeOf(before, 'm01')], [3, 2])
  const three = membersOf([['t1'], ['t1'], ['t1']], before)
  const after = assign(three)
  for (const { memberId, target } of two) assert.deepEqual(target, none, memberId)
  for (const memberId of ['m00', 'm01']) {
    const [was, is] = [before.get(memberId)?.get('t1'), after.get(memberId)?.get('t1')]
    assert.ok(
      [...(is ?? [])].every((partition) => was?.has(partition)),
      `${memberId} was given something else`
    )
  }
})

test('only what may be assigned is assigned', () => {
  const members = membersOf([['t1', 't2']])
  const targets = assignSimply({ members, isAlike: true, partitionsOf: (id) => new Set(id === 't1' ? [1, 3] : []) })
  assert.deepEqual(targets.get('m00'), new Map([['t1', new Set([1, 3])]]))
})

test('thousands of members and partitions are assigned without a pause', () => {
  const members = Array.from({ length: 5000 }, (_, index): AssignedMember => {
    return { memberId: `m${index}`, instanceId: null, topicIds: new Set(['t']), target: none }
  })
  const all = new Set(Array(3000).keys())
  const beganMs = performance.now()
  const first = assignSimply({ members, isAlike: true, partitionsOf: () => all })
  const again = members.slice(1000).map((member) => ({ ...member, target: first.get(member.memberId) ?? none }))
  assignSimply({ members: again, isAlike: true, partitionsOf: () => all })
  assert.ok(performance.now() - beganMs < 2000)
})
