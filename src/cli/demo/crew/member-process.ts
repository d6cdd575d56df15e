/**
 * A member of a service as a child process.
 */
import { type Instruction, type MemberTask, type Report, readLine } from '../member/protocol.ts'
import { LineChild } from './line-child.ts'

export interface MemberEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it said about a failure, if anything. */
  readonly reason: string | undefined
}

export class MemberProcess {
  readonly #child: LineChild<Instruction, Report>
  #reason: string | undefined
  readonly ended: Promise<MemberEnd>

  /** Starts before there is anything to do: loading takes longest. */
  constructor(onReport: (report: Report) => void) {
    this.#child = new LineChild('demo-member', readLine<Report>, (report) => {
      if (report.event === 'failed') this.#reason = report.why
      onReport(report)
    })
    this.ended = this.#child.ended.then(({ code, signal, lastWords }) => ({
      code,
      signal,
      reason: this.#reason ?? lastWords
    }))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  begin(task: MemberTask): void {
    this.tell({ do: 'begin', ...task })
  }

  tell(instruction: Instruction): void {
    this.#child.tell(instruction)
  }

  kill(): void {
    this.#child.kill()
  }
}
