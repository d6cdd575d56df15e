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

const textOf = (screen: Screen) => screen.lines.join('\n')
const waiting = (screen: Screen, service: string) =>
  Number(new RegExp(`\\d ${service} +(\\d+) orders?`).exec(textOf(screen))?.[1])
const lag = (screen: Screen, service: string) =>
  Number(new RegExp(`\\d ${service} +(\\d+) records?`).exec(textOf(screen))?.[1])
const told = (screen: Screen) => Number(/(\d+) told;/.exec(textOf(screen))?.[1] ?? 0)

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
      await terminal.until('a notification', (screen) => screen.isAlternate && told(screen) > 0)
      terminal.press('2k')
      await terminal.until('a dead member', ({ lines }) => lines.some((line) => /^▶ 2 payments .* dead$/.test(line)))
      await terminal.until('orders that wait', (screen) => waiting(screen, 'payments') > 10)
      terminal.press('v')
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
      assert.match(terminal.screen.lines.join('\n'), /^Every customer was told, once: (\d+) of \1 orders\.$/m)
    } finally {
      await terminal.close()
    }
  })

  test('the story leads from the orders to a dead service, to what waits, and back, with what each step counted', async () => {
    const terminal = openDemo({ env: { NO_COLOR: '1' } })
    try {
      await terminal.until('what is about to be seen', (screen) => /You will see a service die/.test(textOf(screen)))
      await terminal.until('the first key', (screen) => /Now press k: the notifications die/.test(textOf(screen)))
      terminal.press('k')
      await terminal.until('the second key', (screen) => /Now press r: the notifications start/.test(textOf(screen)))
      const grown = /the log keeps (\d+) orders/.exec(textOf(terminal.screen))
      assert.ok(Number(grown?.[1]) >= 5, textOf(terminal.screen))
      terminal.press('?')
      await terminal.until('all keys', (screen) => /^ {2}Space +pause/m.test(textOf(screen)))
      terminal.press('?r')
      const proof = /The notifications were dead for \d+\.\d s; (\d+) orders waited in the log\./
      const waited = Number(await terminal.until('the proof', (screen) => proof.exec(textOf(screen))?.[1]))
      assert.ok(waited >= Number(grown?.[1]), `${waited} waited`)
      assert.match(textOf(terminal.screen), /has been told: 0 orders lost, 0 told twice\./)
      terminal.press('q')
      await assertTerminalIsBack(terminal, 0)
      assert.match(textOf(terminal.screen), new RegExp(`: ${waited} orders waited in the log meanwhile`))
    } finally {
      await terminal.close()
    }
  })

  test('a termination signal while it closes ends it at once, with a clean terminal', async () => {
    const terminal = openDemo()
    try {
      await terminal.until('a notification', (screen) => told(screen) > 0)
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
