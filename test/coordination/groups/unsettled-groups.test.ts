/** What a broker remembers of groups that have changed of late, against what it was told: since when, how many members, and no longer than need be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsettledGroups } from '../../../src/coordination/groups/unsettled-groups.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import * as fc from '../../harness/properties.ts'

const never = Number.POSITIVE_INFINITY

test('a group is quiet since it changed last, and after 50 s as if it had never changed', () => {
  const clock = new ManualClock()
  const groups = new UnsettledGroups(clock)
  assert.deepEqual(groups.unrestOf('g', 3), { quietMs: never, members: 3 })
  groups.changed('g', 3)
  clock.advance(10_000)
  assert.deepEqual(groups.unrestOf('g', 3), { quietMs: 10_000, members: 3 })
  groups.changed('g', 4)
  clock.advance(limits.groupSettlesMs - 1)
  assert.deepEqual(groups.unrestOf('g', 4), { quietMs: limits.groupSettlesMs - 1, members: 4 })
  clock.advance(1)
  assert.deepEqual(groups.unrestOf('g', 4), { quietMs: never, members: 4 })
})

test('members of all groups that have changed of late count, and those of a group that is quiet do not', () => {
  const clock = new ManualClock()
  const groups = new UnsettledGroups(clock)
  groups.changed('large', 4000)
  clock.advance(10_000)
  groups.changed('small', 3)
  assert.equal(groups.unrestOf('small', 3).members, 4003)
  assert.equal(groups.unrestOf('quiet', 7).members, 4010)
  clock.advance(limits.groupSettlesMs - 10_000)
  assert.equal(groups.unrestOf('small', 3).members, 3)
  groups.forget('small')
  assert.deepEqual(groups.unrestOf('small', 3), { quietMs: never, members: 3 })
})

test('groups of a coordinator that looks after them no more are forgotten, and no others', () => {
  const groups = new UnsettledGroups(new ManualClock())
  groups.changed('left', 5)
  groups.changed('stays', 3)
  groups.forgetAmong(new Set(['left', 'quiet']))
  assert.deepEqual(groups.unrestOf('stays', 3), { quietMs: 0, members: 3 })
  assert.equal(groups.unrestOf('left', 5).quietMs, never)
})

const ids = ['a', 'b', 'c']
const doings = fc.array(
  fc.record({
    id: fc.constantFrom(...ids),
    does: fc.constantFrom('change', 'change', 'forget', 'wait', 'wait'),
    members: fc.integer({ min: 0, max: 9 }),
    waitMs: fc.integer({ min: 0, max: limits.groupSettlesMs })
  }),
  { maxLength: 40 }
)

test('whatever happens, it is what a list of the last changes says', () => {
  fc.assert(
    fc.property(doings, (sequence) => {
      const clock = new ManualClock()
      const groups = new UnsettledGroups(clock)
      const last = new Map<string, { atMs: number; members: number }>()
      for (const { id, does, members, waitMs } of sequence) {
        if (does === 'wait') clock.advance(waitMs)
        else if (does === 'forget') groups.forget(id)
        else groups.changed(id, members)
        if (does === 'change' && members > 0) last.set(id, { atMs: clock.monotonicMs(), members })
        else if (does !== 'wait') last.delete(id)
        const isLate = ({ atMs }: { atMs: number }) => clock.monotonicMs() - atMs < limits.groupSettlesMs
        const late = new Map([...last].filter(([, change]) => isLate(change)))
        const sum = [...late.values()].reduce((all, change) => all + change.members, 0)
        for (const one of ids) {
          const change = late.get(one)
          const quietMs = change === undefined ? never : clock.monotonicMs() - change.atMs
          assert.deepEqual(groups.unrestOf(one, 5), { quietMs, members: change === undefined ? sum + 5 : sum })
        }
      }
    })
  )
})
