/**
 * An error that a user reads: what happened, why, and the one command that helps.
 */
import { ExitCode } from './exit-codes.ts'

export interface Problem {
  readonly what: string
  readonly why?: string | undefined
  readonly next?: string | undefined
  readonly exitCode?: ExitCode
  readonly cause?: unknown
}

export class CliError extends Error {
  readonly why: string | undefined
  readonly next: string | undefined
  readonly exitCode: ExitCode

  constructor(problem: Problem) {
    super(problem.what, { cause: problem.cause })
    this.name = 'CliError'
    this.why = problem.why
    this.next = problem.next
    this.exitCode = problem.exitCode ?? ExitCode.failed
  }
}

/** A value or a combination of options that cannot be understood. */
export function wrongUsage(what: string, why?: string, next?: string): CliError {
  return new CliError({ what, why, next, exitCode: ExitCode.wrongUsage })
}
