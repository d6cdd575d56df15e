/** A broker that has stopped, but not as it was asked to, as the command line tells it. */
import type { DiskProblem } from '../../host/disk.ts'
import { CliError } from '../cli-error.ts'

export function stopFailure(error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error)
  const isFull = error instanceof Error && 'problem' in error && error.problem === 'full'
  return new CliError({
    what: 'the broker has stopped, but not cleanly',
    why: message,
    next: isFull
      ? 'free some space and start it again: it recovers its logs, and all that was acknowledged is there'
      : 'put right what stands there, then start it again: it recovers its logs, and says what it cannot read',
    cause: error
  })
}

/** Whoever supervises the process starts it again, which recovers the logs. */
export function stoppedItself(reason: unknown): CliError {
  if (hasProblem(reason, 'gone')) return goneDirectory(reason)
  return new CliError({
    what: 'the broker has stopped itself after a mistake of its own, which stands above',
    why: 'it did not go on with what it could not trust; nothing that was acknowledged is lost',
    next: 'start it again: it recovers its logs; and please report what stands above'
  })
}

function hasProblem(reason: unknown, problem: DiskProblem): reason is Error {
  return reason instanceof Error && 'problem' in reason && reason.problem === problem
}

function goneDirectory(reason: Error): CliError {
  if (hasProblem(reason.cause, 'damaged'))
    return new CliError({
      what: 'the broker has stopped itself: what the cluster knows is damaged, as stands above',
      why: 'what it would go on to take would be lost with it',
      next: 'do what stands above, then start it again',
      cause: reason
    })
  return new CliError({
    what: 'the broker has stopped itself: its data directory is gone, as stands above',
    why: 'what it would go on to take would be lost with it',
    next: 'put it back where it was, or take the backup, then start it again',
    cause: reason
  })
}
