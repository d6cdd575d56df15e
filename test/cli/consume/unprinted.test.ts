/** What nobody took is not committed, whatever else the command was interrupted by before. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { Flags } from '../../../src/cli/command.ts'
import { runConsume } from '../../../src/cli/consume/run.ts'
import { ExitCode } from '../../../src/cli/exit-codes.ts'
import { resolveGlobalOptions } from '../../../src/cli/global-options.ts'
import { createStyle, type Terminal, type Written } from '../../../src/cli/terminal.ts'
import { type CommandLine, openCommandLine, unavailable } from '../command-line.ts'

suite('what a member of a group printed', { skip: unavailable() }, () => {
  let cli: CommandLine
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  /** Ctrl-C comes while the first records are written; returns what the group still has to read. */
  async function lagAfterInterrupted(outcome: Written): Promise<unknown> {
    const [topic, group] = [cli.unique('topic'), cli.unique('group')]
    await cli.text(['produce', topic], 'a\nb\n')
    const interruption = new AbortController()
    const plain = createStyle('plain')
    const terminal: Terminal = {
      stdin: Readable.from([]),
      stdinIsTty: false,
      stdoutIsTty: false,
      stderrIsTty: false,
      env: {},
      out: plain,
      err: plain,
      async write() {
        interruption.abort('SIGINT')
        return outcome
      },
      hint: () => {},
      status: () => {}
    }
    const flags = new Flags({ group, bootstrapServer: cli.bootstrap })
    const global = resolveGlobalOptions(flags, {})
    const { signal: interrupted } = interruption
    assert.equal(await runConsume({ terminal, global, args: [topic], flags, interrupted }), ExitCode.interrupted)
    const [described] = await cli.rows(['groups', 'describe', group])
    return described?.lag
  }

  test('is committed when it was written before Ctrl-C ended the command', async () => {
    assert.equal(await lagAfterInterrupted('written'), 0)
  })

  test('is not when the pipe broke after Ctrl-C', async () => {
    assert.equal(await lagAfterInterrupted('not written'), 2)
  })
})
