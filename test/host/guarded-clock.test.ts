/** A mistake in a timer, or in what nobody waits for, comes to whoever gave the clock, and names what stops. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DiskError } from '../../src/host/disk.ts'
import { clockOf, GuardedClock } from '../../src/host/guarded-clock.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { RepeatingTimer } from '../../src/host/repeating-timer.ts'
import { atEndOfTurn, unattended } from '../../src/host/unattended.ts'
import { InvariantError } from '../../src/invariant.ts'

const planted = new TypeError('planted')
const throwing = (): never => {
  throw planted
}

function guarded() {
  const below = new ManualClock()
  const heard: unknown[] = []
  const clock = new GuardedClock(below, (error) => heard.push(error))
  const pass = async (ms: number): Promise<void> => {
    await setImmediate()
    below.advance(ms)
  }
  return { clock, heard, below, pass }
}

test('what a timer throws is heard by whoever gave the clock', () => {
  const { clock, heard, below } = guarded()
  clock.after(10, throwing)
  clock.after(5, throwing).cancel()
  below.advance(10)
  assert.deepEqual(heard, [planted])
  assert.equal(clock.nowMs(), below.nowMs())
  assert.equal(clock.monotonicMs(), below.monotonicMs())
})

test('so is what work comes to that nobody waits for, but for the errors that are expected of it', async () => {
  const { clock, heard, pass } = guarded()
  unattended(clock, Promise.reject(new DiskError('full', '', 'There is no room.')), DiskError)
  unattended(clock, Promise.reject(planted), DiskError)
  unattended(clock, Promise.resolve())
  atEndOfTurn(clock, throwing)
  await pass(0)
  assert.deepEqual(heard, [planted, planted])
})

test('a part that a clock was given to stops, unless the mistake names something else', () => {
  const { clock, heard, below } = guarded()
  const part = clockOf({ partition: 'orders-0' }, clock)
  const named = new InvariantError('planted', 'broker')
  part.after(1, throwing)
  part.after(2, () => {
    throw named
  })
  below.advance(2)
  const [first, second] = heard
  assert.ok(first instanceof InvariantError)
  assert.deepEqual([first.stops, first.cause], [{ partition: 'orders-0' }, planted])
  assert.equal(second, named)
})

test('what is done again and again goes on after a mistake, asks for its interval each time, and ends when it is stopped', () => {
  const { clock, heard, below } = guarded()
  let intervalMs = 10
  const timer = new RepeatingTimer(clock, () => intervalMs, throwing)
  timer.start()
  below.advance(20)
  assert.equal(heard.length, 2)
  intervalMs = 100
  below.advance(10)
  below.advance(99)
  assert.equal(heard.length, 3)
  timer.stop()
  timer.start()
  below.advance(1000)
  assert.equal(heard.length, 3)
  assert.equal(below.waiting, 0)
})
