/**
 * A process of ours that does the work of a service: one of this program's hidden commands, told what to do and heard in JSON lines.
 * Killing it is `kill -9`; when the demo ends in whatever way, its standard input ends, and so does the process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const errorTextMax = 2000

export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last that it said on standard error, if anything. */
  readonly lastWords: string | undefined
}

export class LineChild<Told, Heard> {
  readonly #child: ChildProcess
  #errorText = ''
  readonly ended: Promise<ChildEnd>

  constructor(command: string, read: (line: string) => Heard | undefined, onHeard: (heard: Heard) => void) {
    const program = process.argv[1] ?? ''
    this.#child = spawn(process.execPath, [...process.execArgv, program, command], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-errorTextMax)
    })
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const heard = read(line)
        if (heard !== undefined) onHeard(heard)
      })
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ code: null, signal: null, lastWords: error.message }))
      this.#child.once('close', (code, signal) => resolve({ code, signal, lastWords: lastLine(this.#errorText) }))
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  tell(instruction: Told): void {
    this.#child.stdin?.write(`${JSON.stringify(instruction)}\n`)
  }

  /** Nothing more will be told: it may end. */
  end(): void {
    this.#child.stdin?.end()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1)?.trim() || undefined
}
