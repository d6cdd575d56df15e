/** Jobs that walk many of something let others have their turn, and wait for the disk with some at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { inSlices, someAtATime } from '../../src/host/slices.ts'
import { limits } from '../../src/limits.ts'

const items = Array.from({ length: 20 }, (_, index) => index)

test('after a slice others have their turn', async () => {
  const clock = new ManualClock()
  const done: number[] = []
  const all = inSlices(clock, items, (item) => {
    done.push(item)
    clock.advance(limits.sliceMs / 4)
  })
  assert.equal(done.length, 5, 'the first slice before it returns')
  while (done.length < items.length) {
    await setImmediate()
    clock.advance(0)
  }
  await all
  assert.deepEqual(done, items)
})

test('no more wait for the disk at a time than are wanted, all are done, and each end is told in its place', async () => {
  const clock = new ManualClock()
  let [underWay, most] = [0, 0]
  const ended = await someAtATime(clock, items, 4, async (item) => {
    underWay += 1
    most = Math.max(most, underWay)
    await setImmediate()
    underWay -= 1
    if (item % 5 === 0) throw new Error(`of ${item}`)
  })
  assert.equal(most, 4)
  assert.deepEqual(
    ended.map((end) => (end.status === 'rejected' ? end.reason.message : 'done')),
    items.map((item) => (item % 5 === 0 ? `of ${item}` : 'done'))
  )
})

test('what waits for nothing lets others have their turn, too', async () => {
  const clock = new ManualClock()
  const done: number[] = []
  const all = someAtATime(clock, items, 2, async (item) => {
    done.push(item)
    clock.advance(limits.sliceMs)
  })
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  await setImmediate()
  assert.ok(done.length < items.length, `${done.length} were done in one turn`)
  while (done.length < items.length) {
    await setImmediate()
    clock.advance(0)
  }
  assert.equal((await all).length, items.length)
})
