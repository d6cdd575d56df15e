import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pauseUnless, persistently, within } from '../../src/cli/waiting.ts'

test('what takes longer than its time ends with the error for that, and what comes in time with its result', async () => {
  const late = () => new Error('too late')
  await assert.rejects(within(5, pause(10_000, undefined, { ref: false }), late), /too late/)
  assert.equal(await within(10_000, Promise.resolve('in time'), late), 'in time')
})

test('a time beyond what a timer takes is long, not over at once', async () => {
  const result = await within(30 * 24 * 3600 * 1000, pause(20, 'in time'), () => new Error('too late'))
  assert.equal(result, 'in time')
})

test('a pause ends when the command is asked to end, and leaves no listener on its signal', async () => {
  const interruption = new AbortController()
  await pauseUnless(interruption.signal, 1)
  assert.equal(getEventListeners(interruption.signal, 'abort').length, 0)
  const long = pauseUnless(interruption.signal, 60_000)
  interruption.abort()
  await long
  await pauseUnless(interruption.signal, 60_000)
})

test('what may pass is asked again until it comes, what may not fails at once, and the last failure is the one that is told', async () => {
  const failing = (times: number) => {
    let count = 0
    return async () => {
      if (++count <= times) throw new Error(`no ${count}`)
      return count
    }
  }
  const patience = { limitMs: 10_000, pauseMs: 1 }
  const always = () => true
  assert.equal(await persistently(patience, always, failing(3)), 4)
  const notTheSecond = (error: unknown) => !String(error).endsWith('no 2')
  await assert.rejects(persistently(patience, notTheSecond, failing(3)), /no 2/)
  await assert.rejects(persistently({ limitMs: -1, pauseMs: 1 }, always, failing(3)), /no 1/)
})
