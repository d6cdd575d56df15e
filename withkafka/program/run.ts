/**
 * Runs a program from its options to its exit code: Ctrl-C and a termination signal ask it to finish what it has in hand, a
 * second one ends it at once, and a problem is told before it ends.
 */
import { tellProblem } from './output.ts'
import { ExitCode, Problem } from './problem.ts'

/** Why a program was asked to stop, when it was not by a signal: nobody reads its output any longer (`| head`). */
const pipeClosed = 'pipe closed'

export interface Usage<Options> {
  readonly help: string
  /** Undefined when only help was asked for. */
  read(args: readonly string[]): Options | undefined
}

export async function runProgram<Options>(
  usage: Usage<Options>,
  work: (options: Options, stop: AbortSignal) => Promise<void>
): Promise<void> {
  const exitCode = await run(usage, work, watchSignals()).catch((error: unknown) => {
    tellProblem(error)
    return error instanceof Problem ? error.exitCode : ExitCode.failed
  })
  // Not left to Node: a connection that is still closing must not keep a finished program.
  process.exit(exitCode)
}

async function run<Options>(
  usage: Usage<Options>,
  work: (options: Options, stop: AbortSignal) => Promise<void>,
  stop: AbortSignal
): Promise<ExitCode> {
  const options = usage.read(process.argv.slice(2))
  if (options === undefined) process.stdout.write(usage.help)
  else await work(options, stop)
  return stop.aborted && stop.reason !== pipeClosed ? ExitCode.interrupted : ExitCode.done
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
