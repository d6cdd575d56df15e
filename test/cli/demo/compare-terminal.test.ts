/** The two worlds on a real terminal: both fit into 80 columns without colour, k kills, and the terminal comes back as it was. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { odradek } from '../../harness/odradek-process.ts'
import { found, skipUnless } from '../../harness/tools.ts'
import { PseudoTerminal, python, type Screen } from './pseudo-terminal.ts'

const ctrlC = '\u0003'
const textOf = (screen: Screen) => screen.lines.join('\n')
/** The same count in both worlds: left, then right. */
const figuresOf = (screen: Screen, name: string) =>
  (new RegExp(`^${name} +(\\d+) +${name} +(\\d+)$`, 'm').exec(textOf(screen)) ?? []).slice(1).map(Number)

function open(...options: string[]) {
  const command = [process.execPath, found(odradek()), 'demo', '--compare', '--rate', '10/s', ...options]
  return new PseudoTerminal(80, 24, command, { NO_COLOR: '1' })
}

async function assertTerminalIsBack(terminal: PseudoTerminal): Promise<void> {
  assert.deepEqual(await terminal.ended(), { exit: 0, echo: true, canonical: true })
  const { isAlternate, cursor } = terminal.screen
  assert.deepEqual({ isAlternate, cursor }, { isAlternate: false, cursor: 'shown' })
}

suite('the two worlds on a terminal', { skip: skipUnless(odradek(), python()) }, () => {
  test('k kills in both worlds, whose untold customers grow side by side; q counts and gives the terminal back', async () => {
    const terminal = open('--outage', '60s')
    try {
      await terminal.until('a notification in both worlds', (screen) => {
        const [left = 0, right = 0] = figuresOf(screen, 'customers told of it')
        return screen.isAlternate && left > 0 && right > 0
      })
      terminal.press('k')
      await terminal.until('two dead', (screen) => /are dead \(crashed\) +notifications are dead/.test(textOf(screen)))
      await terminal.until('customers who are not told, in both worlds', (screen) => {
        const [lost = 0, waiting = 0] = figuresOf(screen, 'customers not told')
        return lost > 5 && waiting > 5 && /^█+ +█+$/m.test(textOf(screen))
      })
      assert.match(textOf(terminal.screen), /Left \d+ calls? failed for good; right \d+ messages? in the log, kept\./)
      for (const line of terminal.screen.lines) assert.ok(line.length <= 80, line)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is an escape sequence that ends in m
      assert.doesNotMatch(terminal.output, /\u001b\[[0-9;]*m/)
      terminal.press('q')
      await assertTerminalIsBack(terminal)
      assert.match(textOf(terminal.screen), /With Kafka all \d+ customers\s+were\s+told, once each/)
    } finally {
      await terminal.close()
    }
  })

  test('k while both worlds start kills nothing and says so; who leaves before a crash is told that nothing is proved', async () => {
    const terminal = open('--outage', '60s')
    try {
      await terminal.until('the screen', (screen) => screen.isAlternate)
      terminal.press('k')
      await terminal.until('a word', (screen) => /too early to kill/.test(textOf(screen)))
      await terminal.until('notifications that live on, in both worlds', (screen) => {
        const [left = 0, right = 0] = figuresOf(screen, 'customers told of it')
        return left > 3 && right > 3
      })
      terminal.press('q')
      await assertTerminalIsBack(terminal)
      assert.match(textOf(terminal.screen), /Nothing was killed in this run, so it proves nothing/)
      assert.doesNotMatch(textOf(terminal.screen), /were told, once each|never told/)
    } finally {
      await terminal.close()
    }
  })

  test('Ctrl-C before anything happened gives the terminal back too', async () => {
    const terminal = open()
    try {
      await terminal.until('the screen', (screen) => screen.isAlternate)
      terminal.press(ctrlC)
      await assertTerminalIsBack(terminal)
    } finally {
      await terminal.close()
    }
  })
})
