/** A command on a terminal of its own, with what that terminal shows: enough of a screen for programs that place their cursor. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import type { Tool } from '../../harness/tools.ts'

const PATIENCE_MS = 60_000
const script = join(import.meta.dirname, 'pseudo_terminal.py')

/** Python opens the terminal; Node has no way to. */
export function python(): Tool {
  try {
    execFileSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode'], { stdio: 'ignore', timeout: 20_000 })
    return { found: 'python3' }
  } catch {
    return { missing: 'no Python 3.9 (python3), which opens the terminal' }
  }
}

export interface TerminalEnd {
  readonly exit: number
  readonly echo: boolean
  readonly canonical: boolean
}

export class PseudoTerminal {
  readonly #process: LineProcess

  constructor(columns: number, rows: number, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const args = [script, String(columns), String(rows), ...command]
    this.#process = new LineProcess('python3', args, { env: { TERM: 'xterm-256color', ...env } })
  }

  press(keys: string): void {
    this.#process.send(JSON.stringify({ keys }))
  }

  resize(columns: number, rows: number): void {
    this.#process.send(JSON.stringify({ resize: [columns, rows] }))
  }

  signal(number: number): void {
    this.#process.send(JSON.stringify({ signal: number }))
  }

  /** All that was sent to the terminal. */
  get output(): string {
    return this.#said()
      .map(({ out }) => String(out ?? ''))
      .join('')
  }

  get screen(): Screen {
    return screenOf(this.output)
  }

  async until<Found>(what: string, find: (screen: Screen) => Found | undefined | false): Promise<Found> {
    try {
      return await this.#process.until(() => find(this.screen) || undefined, what, PATIENCE_MS)
    } catch (error) {
      throw new Error(`no ${what} on\n${this.screen.lines.join('\n')}`, { cause: error })
    }
  }

  async ended(): Promise<TerminalEnd> {
    await this.#process.exited
    const end = this.#said().at(-1)
    if (end?.exit === undefined) throw new Error(`the terminal ended without a word: ${this.#process.stderr}`)
    return { exit: Number(end.exit), echo: end.echo === true, canonical: end.canonical === true }
  }

  async close(): Promise<void> {
    await this.#process.kill()
  }

  #said(): Record<string, unknown>[] {
    return this.#process.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

export interface Screen {
  /** Which of the two screens: the one a program draws on, or the one that scrolls. */
  readonly isAlternate: boolean
  readonly cursor: 'shown' | 'hidden'
  readonly lines: readonly string[]
}

/** Cursor places, clearing, the alternate screen, the cursor's look; colours are passed over. */
function screenOf(output: string): Screen {
  let isAlternate = false
  let cursor: Screen['cursor'] = 'shown'
  let lines: string[] = []
  let row = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what a terminal is told with
  for (const [part, mode, letter] of output.matchAll(/\u001b\[(\??[0-9;]*)([A-Za-z])|\r?\n|[^\u001b\r\n]+|[\s\S]/g)) {
    if (letter === 'h' || letter === 'l') {
      if (mode === '?1049') {
        isAlternate = letter === 'h'
        lines = []
        row = 0
      }
      if (mode === '?25') cursor = letter === 'h' ? 'shown' : 'hidden'
    } else if (letter === 'H') {
      row = Number(mode?.split(';')[0] || 1) - 1
      lines[row] = ''
    } else if (letter === 'J') lines = []
    else if (letter === undefined && part.endsWith('\n')) row++
    else if (letter === undefined) lines[row] = (lines[row] ?? '') + part
  }
  return { isAlternate, cursor, lines: Array.from(lines, (line) => line ?? '') }
}
