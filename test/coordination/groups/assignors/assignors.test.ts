import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AssignedMember, assignors, type Targets } from '../../../../src/coordination/groups/assignors/assignor.ts'
import * as fc from '../../../harness/properties.ts'

const counts: Readonly<Record<string, number>> = { t1: 5, t2: 3, t3: 1 }
const partitionCount = (topicId: string) => counts[topicId] ?? 0

function assign(name: string, members: readonly AssignedMember[]): Targets {
  const [first] = members
  const key = (topicIds: ReadonlySet<string>) => [...topicIds].sort().join()
  const isAlike = members.every(({ topicIds }) => key(topicIds) === key(first?.topicIds ?? new Set()))
  return assignors[name]?.({ members, isAlike, partitionCount }) ?? new Map()
}

function sizeOf(targets: Targets, memberId: string): number {
  let size = 0
  for (const partitions of targets.get(memberId)?.values() ?? []) size += partitions.size
  return size
}

const subscriptions = fc.array(fc.subarray(Object.keys(counts)), { minLength: 1, maxLength: 6 })
const none = new Map<string, ReadonlySet<number>>()

function membersOf(wanted: readonly (readonly string[])[], before: Targets = new Map()): AssignedMember[] {
  return wanted.map((topics, index) => {
    const memberId = `m${index}`
    return { memberId, instanceId: null, topicIds: new Set(topics), target: before.get(memberId) ?? none }
  })
}

/** Each partition that somebody subscribes to has one owner, who subscribes to it. */
function assertWhole(members: readonly AssignedMember[], targets: Targets): void {
  const owned: string[] = []
  for (const { memberId, topicIds } of members) {
    for (const [topicId, partitions] of targets.get(memberId) ?? []) {
      assert.ok(topicIds.has(topicId), `${memberId} does not subscribe to ${topicId}`)
      for (const partition of partitions) owned.push(`${topicId}-${partition}`)
    }
  }
  const wanted = new Set(members.flatMap(({ topicIds }) => [...topicIds]))
  const all = [...wanted].flatMap((topicId) =>
    Array.from({ length: partitionCount(topicId) }, (_, partition) => `${topicId}-${partition}`)
  )
  assert.deepEqual(owned.sort(), all.sort())
}

for (const name of Object.keys(assignors)) {
  test(`${name}: every partition has one owner, who subscribes to it, however often members change`, () => {
    fc.assert(
      fc.property(subscriptions, subscriptions, subscriptions, (...rounds) => {
        let before: Targets = new Map()
        for (const round of rounds) {
          const members = membersOf(round, before)
          before = assign(name, members)
          assertWhole(members, before)
        }
      })
    )
  })
}

test('uniform: members that subscribe to the same have as many partitions, or one more', () => {
  fc.assert(
    fc.property(
      fc.subarray(Object.keys(counts), { minLength: 1 }),
      fc.integer({ min: 1, max: 12 }),
      (topics, count) => {
        const members = membersOf(Array.from({ length: count }, () => topics))
        const targets = assign('uniform', members)
        const sizes = members.map(({ memberId }) => sizeOf(targets, memberId))
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join())
      }
    )
  )
})

test('uniform: whoever stays keeps what it had, as far as it fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (before, after) => {
      const all = Object.keys(counts)
      const old = assign('uniform', membersOf(Array.from({ length: before }, () => all)))
      const members = membersOf(
        Array.from({ length: after }, () => all),
        old
      )
      const targets = assign('uniform', members)
      for (const { memberId, target } of members) {
        const kept = [...target].flatMap(([id, ones]) =>
          [...ones].filter((one) => targets.get(memberId)?.get(id)?.has(one))
        )
        const size = [...target.values()].reduce((sum, ones) => sum + ones.size, 0)
        assert.equal(kept.length, Math.min(size, sizeOf(targets, memberId)))
      }
    })
  )
})

test('uniform: where one member can take only little, the others share the rest', () => {
  const members = membersOf([['t3'], ['t1'], ['t1', 't3'], ['t1', 't2', 't3']])
  const targets = assign('uniform', members)
  assert.deepEqual(
    members.map(({ memberId }) => sizeOf(targets, memberId)),
    [1, 3, 2, 3]
  )
})

test('range: topics with as many partitions are split alike, static members first', () => {
  const members = membersOf([['t1'], ['t1']]).map((member, index) => ({
    ...member,
    instanceId: index === 1 ? 'i' : null
  }))
  const targets = assign('range', members)
  assert.deepEqual([...(targets.get('m1')?.get('t1') ?? [])], [0, 1, 2])
  assert.deepEqual([...(targets.get('m0')?.get('t1') ?? [])], [3, 4])
})

test('a group of 5,000 members and 10,000 partitions is assigned in the blink of an eye', () => {
  const topicIds = new Set(['big'])
  const members = Array.from({ length: 5000 }, (_, index) => {
    return { memberId: `m${index}`, instanceId: null, topicIds, target: none }
  })
  for (const isAlike of [true, false]) {
    const targets = assignors.uniform?.({ members, isAlike, partitionCount: () => 10_000 })
    for (const { memberId } of members) assert.equal(sizeOf(targets ?? new Map(), memberId), 2)
  }
})
