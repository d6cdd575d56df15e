/**
 * What can go wrong, told in three lines: what happened, why, and what to do next. Scripts read the exit code instead;
 * the numbers are those of the `odradek` command.
 */
export const ExitCode = { done: 0, failed: 1, wrongUsage: 2, unreachable: 3, interrupted: 130 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

export interface Explanation {
  readonly what: string
  readonly why?: string | undefined
  readonly next?: string | undefined
  readonly exitCode?: ExitCode
}

export class Problem extends Error {
  readonly why: string | undefined
  readonly next: string | undefined
  readonly exitCode: ExitCode

  constructor({ what, why, next, exitCode = ExitCode.failed }: Explanation) {
    super(what)
    this.name = 'Problem'
    this.why = why
    this.next = next
    this.exitCode = exitCode
  }
}

/** An option, or a message of the input, that cannot be understood. */
export function wrongUsage(what: string, why?: string, next?: string): Problem {
  return new Problem({ what, why, next, exitCode: ExitCode.wrongUsage })
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
