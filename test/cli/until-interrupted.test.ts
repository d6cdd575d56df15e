/** Waiting for something, or for the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilInterrupted } from '../../src/cli/until-interrupted.ts'

test('what comes before the interruption is returned, what would come after it is not waited for', async () => {
  const interruption = new AbortController()
  assert.equal(await untilInterrupted(interruption.signal, Promise.resolve('here')), 'here')
  await assert.rejects(untilInterrupted(interruption.signal, Promise.reject(new Error('no'))), /no/)
  const waiting = untilInterrupted(interruption.signal, new Promise(() => {}))
  interruption.abort()
  assert.equal(await waiting, undefined)
  assert.equal(await untilInterrupted(interruption.signal, new Promise(() => {})), undefined)
})
