/** The question before something is destroyed. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { CliError } from '../../src/cli/cli-error.ts'
import { Flags, type Invocation } from '../../src/cli/command.ts'
import { confirmDestruction } from '../../src/cli/confirm.ts'
import { ExitCode } from '../../src/cli/exit-codes.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { quietOptions } from './quiet-options.ts'

const global = { ...quietOptions(), quiet: false }

/** What comes of the question when these keys are pressed. */
async function answeredWith(keys: string): Promise<void> {
  const stdin = new PassThrough()
  const terminal = { ...processTerminal({ quiet: true, noColour: true }), stdin, stdinIsTty: true }
  const interrupted = new AbortController().signal
  const invocation: Invocation = { terminal, global, args: [], flags: new Flags({}), interrupted }
  const asked = confirmDestruction(invocation, 'delete the topic orders', 'orders')
  stdin.write(keys)
  await asked
}

test('the name goes on, another word does not', async () => {
  await answeredWith('orders\r')
  await assert.rejects(answeredWith('yes\r'), { message: 'not confirmed, nothing was changed', exitCode: 2 })
})

test('Ctrl-C and Ctrl-D mean no: nothing was changed, and the shell is told of an interruption', async () => {
  for (const key of ['\u0003', '\u0004']) {
    await assert.rejects(answeredWith(key), (error) => {
      assert.ok(error instanceof CliError)
      assert.equal(error.message, 'not confirmed, nothing was changed')
      assert.equal(error.exitCode, ExitCode.interrupted)
      assert.equal(error.next, undefined)
      return true
    })
  }
})
