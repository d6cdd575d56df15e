/** Jobs that walk many of something let others have their turn, and wait for the disk with some at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Clock, Pace, Timer } from '../../src/host/clock.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { inSlices, SharedSlices, Slices, someAtATime } from '../../src/host/slices.ts'
import { limits } from '../../src/limits.ts'

const items = Array.from({ length: 20 }, (_, index) => index)

test('after a slice others have their turn', async () => {
  const clock = new ManualClock()
  const done: number[] = []
  const all = inSlices(new Slices(clock), items, (item) => {
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
  const ended = await someAtATime(new Slices(clock), items, 4, async (item) => {
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
  const all = someAtATime(new Slices(clock), items, 2, async (item) => {
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

/** Time passes as work is done, and what is due goes off in the next turn of the loop. */
class LoopClock implements Clock {
  readonly pace: Pace | undefined
  #nowMs = 0
  #due: (() => void)[] = []

  constructor(pace?: Pace) {
    this.pace = pace
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(_: number, callback: () => void): Timer {
    this.#due.push(callback)
    return { cancel: () => {} }
  }

  worked(milliseconds: number): void {
    this.#nowMs += milliseconds
  }

  async turn(): Promise<void> {
    const due = this.#due
    this.#due = []
    for (const callback of due) callback()
    await setImmediate()
  }
}

test('jobs that are due at the same time have one slice in each turn together, and go on by turns', async () => {
  const clock = new LoopClock()
  const slices = new SharedSlices(clock)
  let inTurn: string[] = []
  const job = (name: string): Promise<void> =>
    inSlices(slices, items, () => {
      inTurn.push(name)
      clock.worked(limits.sliceMs / 4)
    })
  const all = Promise.all([job('a'), job('b'), job('c')])
  const turns: string[] = []
  for (; inTurn.length > 0; await clock.turn()) {
    turns.push(inTurn.join(''))
    inTurn = []
  }
  await all
  assert.deepEqual(turns.slice(0, 7), ['aaaaa', 'aaaaa', 'bbbbb', 'ccccc', 'aaaaa', 'bbbbb', 'ccccc'])
  assert.equal(turns.join('').length, 3 * items.length)
})

test('of many that wait, and have little to do, as many go on in a turn as there is time for', async () => {
  const clock = new LoopClock()
  const slices = new SharedSlices(clock)
  let done = 0
  const all = someAtATime(slices, items, items.length, async () => {
    done += 1
    clock.worked(limits.sliceMs / 4)
    await new Promise(() => {})
  })
  assert.ok(all)
  const counts: number[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    await clock.turn()
    counts.push(done)
  }
  assert.deepEqual(counts, [10, 15, 20, 20])
})

test('where there is no time at all, one goes on in each turn', async () => {
  const clock = new LoopClock({ ...limits, sliceMs: -1 })
  let done = 0
  const all = inSlices(new SharedSlices(clock), items, () => {
    done += 1
  })
  for (let turn = 1; turn < items.length; turn += 1) {
    assert.equal(done, turn)
    await clock.turn()
  }
  await all
})

test('whoever begins in a turn of which nothing was taken begins at once', async () => {
  const clock = new LoopClock()
  const slices = new SharedSlices(clock)
  assert.equal(slices.othersTurn(), null)
  clock.worked(limits.sliceMs + 1)
  assert.notEqual(slices.othersTurn(), null)
  for (let turn = 0; turn < 3; turn += 1) await clock.turn()
  assert.equal(slices.othersTurn(), null)
})
