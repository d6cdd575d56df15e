import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline, Deadlines } from '../../../src/coordination/groups/deadlines.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import * as fc from '../../harness/properties.ts'

test('a deadline that is moved later again and again keeps one place and one timer', () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock)
  let runs = 0
  const deadline = new Deadline(() => runs++)
  for (let count = 0; count < 1000; count++) {
    deadlines.schedule(deadline, 100)
    clock.advance(10)
    assert.equal(clock.waiting, 1)
  }
  assert.equal(runs, 0)
  clock.advance(90)
  assert.equal(runs, 1)
  assert.equal(clock.waiting, 0)
})

test('nothing runs after closing', () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock)
  deadlines.schedule(new Deadline(() => assert.fail('ran')), 5)
  deadlines.close()
  clock.advance(10)
  assert.equal(clock.waiting, 0)
})

test('whatever is scheduled, moved and cancelled, each deadline runs at its last time and no other', () => {
  const step = fc.record({ which: fc.nat(4), action: fc.constantFrom('schedule', 'cancel', 'wait'), ms: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new ManualClock()
      const deadlines = new Deadlines(clock)
      const expected: (number | null)[] = [null, null, null, null, null]
      const all = expected.map((_, index) => {
        const run = () => {
          assert.equal(clock.monotonicMs(), expected[index])
          expected[index] = null
        }
        return new Deadline(run)
      })
      for (const { which, action, ms } of steps) {
        const deadline = all[which]
        if (deadline === undefined) continue
        if (action === 'wait') {
          clock.advance(ms)
          for (const dueMs of expected) assert.ok(dueMs === null || dueMs > clock.monotonicMs())
        } else if (action === 'cancel') {
          deadlines.cancel(deadline)
          expected[which] = null
        } else {
          deadlines.schedule(deadline, ms + 1)
          expected[which] = clock.monotonicMs() + ms + 1
        }
      }
      clock.advance(100)
      assert.deepEqual(expected, [null, null, null, null, null])
    })
  )
})
