/** What is wrong with one line of the input. What stands before it is sent, and the reader is told to go on from it. */
import { CliError } from '../cli-error.ts'
import { toCliError } from '../present-error.ts'

export class LineError extends CliError {
  readonly line: number

  constructor(line: number, error: unknown) {
    const { message, why, next, exitCode } = toCliError(error)
    super({ what: message, why, next, exitCode, cause: error })
    this.line = line
  }
}
