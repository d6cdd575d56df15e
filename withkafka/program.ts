/**
 * Runs a program from its start to its exit code: Ctrl-C and a termination signal ask it to finish what it has in hand, a
 * second one ends it at once, and a problem is told before it ends.
 */
import { tellProblem } from './output.ts'
import { ExitCode, Problem } from './problem.ts'

/** Why a program was asked to stop, when it was not by a signal: nobody reads its output any longer (`| head`). */
export const pipeClosed = 'pipe closed'

export async function runProgram(work: (stop: AbortSignal) => Promise<ExitCode>): Promise<void> {
  const exitCode = await work(watchSignals()).catch((error: unknown) => {
    tellProblem(error)
    return error instanceof Problem ? error.exitCode : ExitCode.failed
  })
  // Not left to Node: a connection that is still closing must not keep a finished program.
  process.exit(exitCode)
}

function watchSignals(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(ExitCode.interrupted)
      stop.abort(signal)
    })
  process.stdout.on('error', () => stop.abort(pipeClosed))
  process.stderr.on('error', () => {})
  return stop.signal
}

export function exitCodeOf(stop: AbortSignal): ExitCode {
  return stop.aborted && stop.reason !== pipeClosed ? ExitCode.interrupted : ExitCode.done
}
