import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { nodeClock } from '../../src/host/node/clock.ts'

test('a manual clock lets alarms off in the order they are due, each at its own time', () => {
  const clock = new ManualClock(1000)
  const heard: string[] = []
  const note = (name: string) => () => heard.push(`${name} at ${clock.nowMs()}`)
  clock.after(50, note('late'))
  clock.after(10, note('early'))
  clock.after(10, note('early too'))
  clock.after(20, () => clock.after(5, note('made on the way')))
  clock.after(30, note('cancelled')).cancel()
  clock.advance(40)
  assert.deepEqual(heard, ['early at 1010', 'early too at 1010', 'made on the way at 1025'])
  clock.advance(10)
  assert.deepEqual([heard.at(-1), clock.nowMs(), clock.monotonicMs(), clock.waiting], ['late at 1050', 1050, 50, 0])
})

test('a cancelled timer of the real clock does not go off, one that is due does', async () => {
  const heard: string[] = []
  const keepAlive = setTimeout(() => {}, 10_000)
  nodeClock.after(0, () => heard.push('cancelled')).cancel()
  await new Promise<void>((resolve) => nodeClock.after(1, resolve))
  clearTimeout(keepAlive)
  assert.deepEqual(heard, [])
})

test('the real clock does not use the timers that a test runner has put in place of the global ones', async () => {
  const keepAlive = setTimeout(() => {}, 10_000)
  const { setTimeout: real } = globalThis
  const replaced = (() => 1) as unknown as typeof setTimeout
  globalThis.setTimeout = replaced
  try {
    await new Promise<void>((resolve) => nodeClock.after(1, resolve))
  } finally {
    globalThis.setTimeout = real
    clearTimeout(keepAlive)
  }
})

test('jobs that go on at once when others had their turn leave them one, however many they are', async () => {
  const keepAlive = setTimeout(() => {}, 10_000)
  let turns = 0
  const job = async (): Promise<number[]> => {
    const turnsSeen: number[] = []
    for (let piece = 0; piece < 5; piece += 1) {
      const until = performance.now() + 2
      while (performance.now() < until);
      turnsSeen.push(turns)
      await new Promise<void>((resolve) => nodeClock.after(0, resolve))
    }
    return turnsSeen
  }
  const watch = (): void => {
    turns += 1
    watching = setImmediate(watch)
  }
  let watching = setImmediate(watch)
  const seen = await Promise.all([job(), job(), job()])
  clearImmediate(watching)
  clearTimeout(keepAlive)
  for (const turnsSeen of seen) assert.equal(new Set(turnsSeen).size, 5, `a turn between any two pieces: ${turnsSeen}`)
})

test('a job in turns does not sleep between them on a loop that has nothing else to do', async () => {
  const startedMs = performance.now()
  let turns = 0
  let endedMs = Number.POSITIVE_INFINITY
  const turn = (): void => {
    turns++
    if (turns < 20) nodeClock.after(0, turn)
    else endedMs = performance.now()
  }
  nodeClock.after(0, turn)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  assert.ok(endedMs - startedMs < 500, `${turns} turns after ${Math.round(performance.now() - startedMs)} ms`)
})
