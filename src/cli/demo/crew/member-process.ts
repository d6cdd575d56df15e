/**
 * A member of a service as a child process. Killing it is `kill -9`; when the demo ends in whatever way, its standard input ends, and
 * so does the member.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Instruction, type MemberTask, type Report, readLine } from '../member/protocol.ts'

const errorTextMax = 2000

export interface MemberEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it said about a failure, if anything. */
  readonly reason: string | undefined
}

export class MemberProcess {
  readonly #child: ChildProcess
  #reason: string | undefined
  #errorText = ''
  readonly ended: Promise<MemberEnd>

  /** Starts before there is anything to do: loading takes longest. */
  constructor(onReport: (report: Report) => void) {
    const program = process.argv[1] ?? ''
    this.#child = spawn(process.execPath, [...process.execArgv, program, 'demo-member'], {
      stdio: ['pipe', 'pipe', 'pipe']
    })
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-errorTextMax)
    })
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line, onReport))
    this.ended = new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null) =>
        resolve({ code, signal, reason: this.#reason ?? lastLine(this.#errorText) })
      this.#child.once('error', (error) => {
        this.#reason = error.message
        settle(null, null)
      })
      this.#child.once('close', settle)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  begin(task: MemberTask): void {
    this.tell({ do: 'begin', ...task })
  }

  tell(instruction: Instruction): void {
    this.#child.stdin?.write(`${JSON.stringify(instruction)}\n`)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #read(line: string, onReport: (report: Report) => void): void {
    const report = readLine<Report>(line)
    if (report === undefined) return
    if (report.event === 'failed') this.#reason = report.why
    onReport(report)
  }
}

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1)?.trim() || undefined
}
