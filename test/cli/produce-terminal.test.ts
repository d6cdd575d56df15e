/** What `produce` tells a person while it lasts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { skipUnless } from '../harness/tools.ts'
import { builtCommand, type CommandLine, openCommandLine, unavailable } from './command-line.ts'
import { PseudoTerminal, python } from './demo/pseudo-terminal.ts'

suite('produce, for a person', { skip: unavailable() }, () => {
  let cli: CommandLine
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  test('each line that is typed is answered with where it went', { skip: skipUnless(python()) }, async () => {
    const topic = cli.unique('typed')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    const command = [process.execPath, builtCommand, 'produce', topic, '-b', cli.bootstrap]
    const terminal = new PseudoTerminal(100, 24, command, { NO_COLOR: '1' })
    try {
      await terminal.until('what to type', ({ lines }) => lines.some((line) => /each line is a record/.test(line)))
      for (const offset of [0, 1]) {
        terminal.press('hello\r')
        await terminal.until(`offset ${offset}`, ({ lines }) => lines.includes(`${topic} partition 0 offset ${offset}`))
      }
      terminal.press('\u0004')
      assert.equal((await terminal.ended()).exit, 0)
      assert.match(terminal.output, new RegExp(`^2 records to ${topic} \\(1 partition\\)`, 'm'))
      assert.doesNotMatch(terminal.output, /\/s/)
    } finally {
      await terminal.close()
    }
  })

  test('a template without a rate and without an end is told as such', async () => {
    const topic = cli.unique('endless')
    const endless = cli.start(['produce', topic, '--template', 'orders'])
    const said = 'without --rate or -n: as fast as it goes, until Ctrl-C'
    await endless.until(() => endless.stderr.includes(said) || undefined, 'the warning', 30_000)
    endless.child.kill('SIGINT')
    await endless.exited
    const bounded = await cli.run(['produce', topic, '--template', 'orders', '-n', '1'])
    assert.doesNotMatch(bounded.stderr, /as fast as it goes/)
  })
})
