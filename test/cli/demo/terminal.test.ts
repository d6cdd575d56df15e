/** The demo on a real terminal: keys work, it fits, and the terminal comes back as it was, however the demo ends. */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { odradek } from '../../harness/odradek-process.ts'
import { projectDirectory } from '../../harness/paths.ts'
import { skipUnless } from '../../harness/tools.ts'
import { PseudoTerminal, python, type Screen } from './pseudo-terminal.ts'

const main = join(projectDirectory, 'dist', 'cli', 'main.js')
const ctrlC = '\u0003'

const lag = (screen: Screen, service: string) =>
  Number(new RegExp(`\\d ${service} +\\w+ +(\\d+)`).exec(screen.lines.join('\n'))?.[1])
const notified = (screen: Screen) => Number(/notified (\d+)/.exec(screen.lines.join('\n'))?.[1] ?? 0)

function openDemo(options: { readonly node?: readonly string[]; readonly env?: Record<string, string> } = {}) {
  const command = [process.execPath, ...(options.node ?? []), main, 'demo', '--rate', '10/s']
  return new PseudoTerminal(80, 24, command, options.env)
}

async function assertTerminalIsBack(terminal: PseudoTerminal, exit: number): Promise<void> {
  assert.deepEqual(await terminal.ended(), { exit, echo: true, canonical: true })
  const { isAlternate, cursor } = terminal.screen
  assert.deepEqual({ isAlternate, cursor }, { isAlternate: false, cursor: 'shown' })
}

suite('the demo on a terminal', { skip: skipUnless(odradek(), python()) }, () => {
  test('keys kill and restart a service, the screen follows its size, and Ctrl-C gives the terminal back', async () => {
    const terminal = openDemo({ env: { NO_COLOR: '1' } })
    try {
      await terminal.until('a notification', (screen) => screen.isAlternate && notified(screen) > 0)
      terminal.press('2k')
      await terminal.until('a dead member', ({ lines }) => lines.some((line) => /^▶ 2 payments .* dead$/.test(line)))
      await terminal.until('a lag of payments', (screen) => lag(screen, 'payments') > 10)
      terminal.press('r')
      await terminal.until('no lag of payments', (screen) => lag(screen, 'payments') < 5)
      terminal.resize(120, 40)
      await terminal.until('a larger screen', (screen) => screen.lines.length === 40)
      for (const line of terminal.screen.lines) assert.ok(line.length <= 120, line)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is an escape sequence that ends in m
      assert.doesNotMatch(terminal.output, /\u001b\[[0-9;]*m/)
      terminal.press(ctrlC)
      await assertTerminalIsBack(terminal, 0)
      assert.match(terminal.screen.lines.join('\n'), /^Every order has one notification: (\d+) of \1\.$/m)
    } finally {
      await terminal.close()
    }
  })

  test('a termination signal while it closes ends it at once, with a clean terminal', async () => {
    const terminal = openDemo()
    try {
      await terminal.until('a notification', (screen) => notified(screen) > 0)
      terminal.signal(constants.signals.SIGTERM)
      await terminal.until('closing time', () => terminal.output.includes('closing: '))
      terminal.signal(constants.signals.SIGTERM)
      await assertTerminalIsBack(terminal, 130)
    } finally {
      await terminal.close()
    }
  })

  test('a crash is told on a clean terminal', async () => {
    const crash = `data:text/javascript,process.on('SIGUSR2', () => { throw new Error('a crash') })`
    const terminal = openDemo({ node: ['--import', crash] })
    try {
      await terminal.until('the screen', (screen) => screen.isAlternate)
      terminal.signal(constants.signals.SIGUSR2)
      await assertTerminalIsBack(terminal, 1)
      assert.match(terminal.screen.lines.join('\n'), /Error: a crash/)
    } finally {
      await terminal.close()
    }
  })
})
