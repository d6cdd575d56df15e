/** A broker that has stopped, but not as it was asked to, as the command line tells it. */
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

/** Whoever supervises the process starts it again, which recovers the logs. */
export function stoppedItself(): CliError {
  return new CliError({
    what: 'the broker has stopped itself after a mistake of its own, which stands above',
    why: 'it did not go on with what it could not trust; nothing that was acknowledged is lost',
    next: 'start it again: it recovers its logs; and please report what stands above'
  })
}
