/** A broker that has stopped, but could not leave its directory as it wanted to, as the command line tells it. */
import { CliError } from '../cli-error.ts'

export function stopFailure(error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error)
  const isFull = error instanceof Error && 'problem' in error && error.problem === 'full'
  return new CliError({
    what: 'the broker has stopped, but not cleanly',
    why: message,
    next: isFull
      ? 'free some space and start it again: it recovers its logs, and all that was acknowledged is there'
      : 'start it again: it recovers its logs, and says what it cannot read',
    cause: error
  })
}
