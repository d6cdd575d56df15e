/** How fast `produce` says that it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../src/cli/produce/delivery-report.ts'

test('the pace is that of now: what came before an outage, and the outage itself, are no part of it', () => {
  const pace = createPace(0)
  const told: number[] = []
  // 100 records a second, but for an outage of a minute.
  for (let nowMs = 1000; nowMs <= 80_000; nowMs += 1000) {
    const count = nowMs <= 10_000 ? nowMs / 10 : 1000 + Math.max(0, nowMs - 70_000) / 10
    told.push(pace(nowMs, count))
  }
  assert.deepEqual(told.slice(0, 10), Array(10).fill(100))
  assert.deepEqual(told.slice(12, 70), Array(58).fill(0))
  assert.deepEqual(told.slice(72), Array(8).fill(100))
})
