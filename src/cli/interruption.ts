/**
 * Ctrl-C, a termination signal, a terminal that was closed, or a reader that closed its end of our pipe (`| head`): each asks the
 * command to finish. A second signal ends the process at once.
 */
import { ExitCode } from './exit-codes.ts'

/** Nobody takes what is printed: what was printed last does not count. */
export const brokenPipe = 'broken pipe'

/** How long a command may take to end when its output takes nothing more: to leave a group, say. */
const lastWordsMs = 1000

export function watchInterruption(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted)
    controller.abort(signal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // Shell and kernel each send one: the second asks for no more than the first.
  process.on('SIGHUP', (signal) => controller.abort(signal))
  process.stdout.off('error', onErrorBeforeCommand)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error) && controller.signal.reason !== brokenPipe) {
      tellUnprinted(error)
      // Who ends already takes what was printed last for printed.
      if (controller.signal.aborted) process.exit(ExitCode.failed)
      failSoon()
    }
    controller.abort(brokenPipe)
  })
  process.stderr.on('error', () => {})
  return controller.signal
}

/** For what is printed before a command runs, such as the help: `| head` ends it without a word. */
export function endWithReader(): void {
  process.stdout.on('error', onErrorBeforeCommand)
}

function onErrorBeforeCommand(error: NodeJS.ErrnoException): void {
  if (isReaderGone(error)) return
  tellUnprinted(error)
  process.exit(ExitCode.failed)
}

/** A pipe whose other end, or a terminal whose window, was closed: what is left to print is for nobody. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || (code === 'EIO' && process.stdout.isTTY === true)
}

/** A disk that is full: the command ends as with a closed pipe, so that nothing counts as printed that was not, but fails. */
function failSoon(): void {
  process.on('exit', () => {
    process.exitCode = ExitCode.failed
  })
  setTimeout(() => process.exit(ExitCode.failed), lastWordsMs).unref()
}

function tellUnprinted(error: Error): void {
  process.stderr.write(`error: standard output takes nothing more\n  why: ${error.message}\n`)
}

/** What to return when a command was asked to finish: a reader that has seen enough is no failure. */
export function interruptedExitCode(interrupted: AbortSignal): ExitCode {
  return interrupted.reason === brokenPipe ? ExitCode.done : ExitCode.interrupted
}
