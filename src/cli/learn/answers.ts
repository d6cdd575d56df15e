/**
 * What the reader says: Enter to go on, an answer, `s` to skip, `q` to leave. On a terminal he is waited for. On a pipe
 * nobody is waited for between the steps, and questions take the lines of standard input, one each; at its end, and with
 * --yes where no line is there, they are skipped.
 *
 * The terminal stays in its usual mode, so Ctrl-C is the usual signal and nothing has to be put back.
 */
import { createInterface, type Interface } from 'node:readline'
import type { Terminal } from '../terminal.ts'

/** With --yes: time for a line that was already on its way. */
const graceMs = 200
const forEverMs = 2 ** 30

export class Left extends Error {
  constructor() {
    super('the reader left the lesson')
    this.name = 'Left'
  }
}

export type Answer =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'skipped'; readonly why: string }

export interface AnswersOptions {
  readonly yes: boolean
  readonly interrupted: AbortSignal
}

export class Answers {
  readonly #terminal: Terminal
  readonly #options: AnswersOptions
  readonly #lines: string[] = []
  #reading: Interface | undefined
  #ended = false
  #wake: () => void = () => {}

  constructor(terminal: Terminal, options: AnswersOptions) {
    this.#terminal = terminal
    this.#options = options
    options.interrupted.addEventListener('abort', () => this.#wake(), { once: true })
    if (terminal.stdinIsTty && options.yes) return
    this.#reading = createInterface({ input: terminal.stdin, terminal: false })
    this.#reading.on('line', (line) => {
      this.#lines.push(line.trim())
      this.#wake()
    })
    this.#reading.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Whether somebody sits at the keyboard and wants to read in his own time. */
  get #isAttended(): boolean {
    return this.#terminal.stdinIsTty && this.#terminal.stdoutIsTty && !this.#options.yes
  }

  async goOn(what: string): Promise<void> {
    if (!this.#isAttended) return
    this.#terminal.status(this.#terminal.err.dim(`    Enter: ${what}   q: leave `))
    const line = await this.#next()
    if (line === 'q') throw new Left()
  }

  async answer(keys: string): Promise<Answer> {
    if (this.#terminal.stdinIsTty && this.#options.yes) return { kind: 'skipped', why: '--yes answers no questions' }
    if (this.#terminal.stdinIsTty) this.#terminal.status(`    ${keys}   s: skip   q: leave > `)
    const line = await this.#next(this.#options.yes ? graceMs : undefined)
    if (line === undefined) return { kind: 'skipped', why: 'standard input has no answer' }
    if (line === 'q') throw new Left()
    return line === 's' ? { kind: 'skipped', why: 'as you wish' } : { kind: 'line', text: line }
  }

  close(): void {
    this.#reading?.close()
  }

  /** Undefined: there is none, and with a limit, none in time. */
  async #next(limitMs?: number): Promise<string | undefined> {
    const { interrupted } = this.#options
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, limitMs ?? forEverMs)
    try {
      while (this.#lines.length === 0 && !this.#ended && !isLate && !interrupted.aborted) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      clearTimeout(timer)
      this.#terminal.status('')
    }
    interrupted.throwIfAborted()
    return this.#lines.shift()
  }
}
