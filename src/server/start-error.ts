/**
 * Why a broker did not start. The message says what happened and what to do; where the port or the disk refused, in three
 * lines: what happened, `why:` in the operating system's words, and what to `try:`.
 */
import { ConfigError } from '../coordination/config/broker-config.ts'
import { DiskError } from '../host/disk.ts'
import { ListenError } from '../host/network.ts'
import { messageOf } from '../host/system-error.ts'

/**
 * 'disk-full' and 'too-many-files' are the system's limits: with room, or with a higher `ulimit -n`, the same start succeeds, and
 * nothing that was acknowledged is lost. 'damaged' is a file that is not as it was written, or a disk that fails.
 */
export type StartProblem =
  | 'port-in-use'
  | 'directory-in-use'
  | 'not-permitted'
  | 'disk-full'
  | 'too-many-files'
  | 'bad-option'
  | 'damaged'
  | 'failed'

export class StartError extends Error {
  override readonly name = 'StartError'
  readonly problem: StartProblem

  constructor(problem: StartProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.problem = problem
  }
}

const diskProblems: Readonly<Record<DiskError['problem'], StartProblem>> = {
  full: 'disk-full',
  'too-many-files': 'too-many-files',
  'in-use': 'directory-in-use',
  'foreign-lock': 'directory-in-use',
  'not-permitted': 'not-permitted',
  'not-found': 'failed',
  'not-a-directory': 'bad-option',
  unsupported: 'failed',
  damaged: 'damaged',
  gone: 'failed',
  failed: 'damaged'
}

export function startErrorOf(error: unknown): StartError {
  if (error instanceof StartError) return error
  if (error instanceof ConfigError) return new StartError('bad-option', error.message, error)
  if (error instanceof DiskError) return new StartError(diskProblems[error.problem], inThreeLines(error), error)
  if (error instanceof ListenError) {
    const problem = error.problem === 'in-use' ? 'port-in-use' : error.problem
    return new StartError(problem, inThreeLines(error), error)
  }
  const message = messageOf(error) ?? String(error)
  return new StartError('failed', `The broker did not start: ${message}`, error)
}

/** The lines of a stack trace above the call of a function, to be asked while it is called: later there is no trace of them. */
export function callersOf(called: (options: never) => unknown): string {
  const trace = { stack: '' }
  Error.captureStackTrace(trace, called)
  return trace.stack.split('\n').slice(1).join('\n')
}

/** The message says what is wrong, so the line to look at is the caller's: that is what Node and test runners show of an error. */
export function withCallers(error: unknown, callers: string): unknown {
  if (error instanceof StartError) error.stack = `${error.name}: ${error.message}\n${callers}`
  return error
}

/** Two brokers cannot share a directory; no system call is there to say so. */
const sharedDirectory = 'two brokers that write the same files would damage them'

function inThreeLines(error: DiskError | ListenError): string {
  const reason = messageOf(error.cause)
  const why =
    reason ??
    (error instanceof DiskError && diskProblems[error.problem] === 'directory-in-use' ? sharedDirectory : null)
  const message = error.message.replace(` (${reason})`, '')
  const end = message.search(/[.?!] [A-Z]/) + 1
  if (why === null || end === 0) return error.message
  return `${message.slice(0, end)}\n  why: ${why}\n  try: ${message.slice(end + 1)}`
}
