/** A performance that is ended before it began. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flags, type Invocation } from '../../../src/cli/command.ts'
import { type Play, perform, type Show } from '../../../src/cli/demo/performance.ts'
import { processTerminal } from '../../../src/cli/terminal.ts'
import { quietOptions } from '../quiet-options.ts'

const global = quietOptions()

const show: Show = {
  begin() {},
  tick() {},
  end() {},
  takesKeys: false,
  keyContext: () => ({ selected: 'notifications', wanted: 1, paused: false, brokers: [], ratePerSecond: 1 }),
  follow() {},
  unknown() {}
}

/** Its services end while they start; `before` is what happened meanwhile. */
function playThatDoesNotStart(before: () => void): Play {
  return {
    async open() {
      before()
      throw new Error('payments did not start')
    },
    isOver: false,
    async finish() {},
    async close() {},
    killMembers() {}
  }
}

function invocationUntil(interrupted: AbortSignal): Invocation {
  const terminal = processTerminal({ quiet: true, noColour: true })
  return { terminal, global, args: [], flags: new Flags({}), interrupted }
}

test('Ctrl-C while the services start is no failure of theirs', async () => {
  const stop = new AbortController()
  const play = playThatDoesNotStart(() => stop.abort('SIGINT'))
  assert.equal(await perform(invocationUntil(stop.signal), { play, show, directory: undefined }), undefined)
})

test('services that do not start by themselves are told', async () => {
  const play = playThatDoesNotStart(() => {})
  const performed = perform(invocationUntil(new AbortController().signal), { play, show, directory: undefined })
  await assert.rejects(performed, /payments did not start/)
})
