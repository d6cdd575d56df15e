/** How much may be replicated in a second of what an administrator throttles (KIP-73). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isThrottledReplica, ReplicationThrottle } from '../../src/broker/replication/replication-throttle.ts'
import * as fc from '../harness/properties.ts'

function throttled(bytesPerSecond: number, isNamed: (topic: string, partition: number) => boolean = () => true) {
  const time = { nowMs: 0 }
  const monotonicMs = () => time.nowMs
  return { time, throttle: new ReplicationThrottle({ monotonicMs, bytesPerSecond: () => bytesPerSecond, isNamed }) }
}

test('a list names replicas, or all of them', () => {
  assert.ok(isThrottledReplica('*', 3, 1))
  assert.ok(isThrottledReplica('0:1, 3:2', 3, 2))
  assert.ok(!isThrottledReplica('0:1,3:2', 3, 1))
  assert.ok(!isThrottledReplica('', 0, 0))
})

test('what is beyond the rate is held back until it is the rate again', () => {
  const { time, throttle } = throttled(100)
  assert.ok(!throttle.holdsBack('t', 0))
  throttle.record('t', 0, 500)
  assert.ok(throttle.holdsBack('t', 0))
  time.nowMs = 4999
  assert.ok(throttle.holdsBack('t', 0))
  time.nowMs = 5000
  assert.ok(!throttle.holdsBack('t', 0))
})

test('what is not named is not held back, and does not count', () => {
  const { throttle } = throttled(100, (_, partition) => partition === 0)
  throttle.record('t', 1, 500)
  assert.ok(!throttle.holdsBack('t', 0))
  throttle.record('t', 0, 500)
  assert.ok(throttle.holdsBack('t', 0))
  assert.ok(!throttle.holdsBack('t', 1))
})

test('Kafka’s default bounds nothing', () => {
  const { throttle } = throttled(Number('9223372036854775807'))
  throttle.record('t', 0, 2 ** 53)
  assert.ok(!throttle.holdsBack('t', 0))
})

test('who stops when held back never has more than the rate and one piece', () => {
  const piece = fc.record({ bytes: fc.integer({ min: 1, max: 50 }), pauseMs: fc.nat(400) })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      const { time, throttle } = throttled(100)
      let total = 0
      for (const { bytes, pauseMs } of pieces) {
        time.nowMs += pauseMs
        if (throttle.holdsBack('t', 0)) continue
        throttle.record('t', 0, bytes)
        total += bytes
        if (time.nowMs < 10_000) assert.ok(total <= (100 * Math.max(time.nowMs, 1000)) / 1000 + 50)
      }
    })
  )
})
