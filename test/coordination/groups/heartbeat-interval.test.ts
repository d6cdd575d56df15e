/** How soon members of a group are to say again that they live: by how long nothing has changed, and by how many there are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Beat, heartbeatInterval } from '../../../src/coordination/groups/heartbeat-interval.ts'
import { limits } from '../../../src/limits.ts'
import * as fc from '../../harness/properties.ts'

const usualMs = 5000
const never = Number.POSITIVE_INFINITY

function intervalMs({ quietMs = 0, members = 1, usual = usualMs, isChosen = false, records = 0 }): number {
  const settings = { heartbeatIntervalMs: usual, isHeartbeatIntervalChosen: isChosen }
  const beat: Beat = { settings, records: Array(records).fill('record'), unrest: { quietMs, members } }
  return heartbeatInterval(beat)
}

test('the interval is a second when something has just changed, a tenth of the time since, and the usual one after 50 s', () => {
  const table = [0, 4999, 5001, 20_000, 49_999, 50_000, 60_000, never].map((quietMs) => intervalMs({ quietMs }))
  assert.deepEqual(table, [1000, 1000, 1000, 2000, 5000, 5000, 5000, 5000])
})

test('what the heartbeat itself changes is a change', () => {
  assert.equal(intervalMs({ quietMs: never, records: 1 }), 1000)
})

test('the members of a broker that are told to come back sooner come a thousand times a second at most', () => {
  const table = [1, 500, 501, 1000, 2000, 5000, 100_000].map((members) => intervalMs({ members }))
  assert.deepEqual(table, [1000, 1000, 1000, 1000, 2000, 5000, 5000])
})

test('an interval that somebody has chosen holds at all times, and one that is shorter still is not made longer', () => {
  assert.equal(intervalMs({ isChosen: true }), 5000)
  assert.equal(intervalMs({ isChosen: true, usual: 15_000, records: 1 }), 15_000)
  assert.equal(intervalMs({ usual: 300, members: 5000 }), 300)
})

const quiet = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.constant(never))
const count = fc.integer({ min: 0, max: 100_000 })
const usual = fc.integer({ min: 1, max: 60_000 })

test('it is a whole number of milliseconds, never longer than the usual one, and spreads the members', () => {
  fc.assert(
    fc.property(quiet, count, usual, (quietMs, members, usual) => {
      const toldMs = intervalMs({ quietMs, members, usual })
      assert.ok(Number.isInteger(toldMs) && toldMs > 0 && toldMs <= usual)
      assert.ok(toldMs === usual || toldMs >= limits.settlingHeartbeatMs)
      assert.ok(toldMs === usual || (members / toldMs) * 1000 <= limits.settlingHeartbeatsPerSecond)
      if (quietMs >= limits.groupSettlesMs) assert.equal(toldMs, usual)
    })
  )
})

test('it grows with the time that nothing has changed, and with the number of members', () => {
  fc.assert(
    fc.property(quiet, quiet, count, count, usual, (one, other, some, more, usual) => {
      const [quietMs, laterMs] = [Math.min(one, other), Math.max(one, other)]
      const [members, others] = [Math.min(some, more), Math.max(some, more)]
      assert.ok(intervalMs({ quietMs, members, usual }) <= intervalMs({ quietMs: laterMs, members: others, usual }))
    })
  )
})
