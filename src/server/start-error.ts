/**
 * Why a broker did not start. The message says what happened and what to do; where the port or the disk refused, in three
 * lines: what happened, `why:` in the operating system's words, and what to `try:`.
 */
import { ConfigError } from '../coordination/config/broker-config.ts'
import { DiskError } from '../host/disk.ts'
import { ListenError } from '../host/network.ts'

export type StartProblem =
  | 'port-in-use'
  | 'directory-in-use'
  | 'not-permitted'
  | 'disk-full'
  | 'bad-option'
  | 'damaged'
  | 'failed'

export class StartError extends Error {
  override readonly name = 'StartError'
  readonly problem: StartProblem

  constructor(problem: StartProblem, message: string, cause?: unknown) {
    super(message, { cause })
    this.problem = problem
  }
}

const diskProblems: Readonly<Record<DiskError['problem'], StartProblem>> = {
  full: 'disk-full',
  'in-use': 'directory-in-use',
  'foreign-lock': 'directory-in-use',
  'not-permitted': 'not-permitted',
  'not-found': 'failed',
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
  const message = error instanceof Error ? error.message : String(error)
  return new StartError('failed', `The broker did not start: ${message}`, error)
}

/** Two brokers cannot share a directory; no system call is there to say so. */
const sharedDirectory = 'two brokers that write the same files would damage them'

function inThreeLines(error: DiskError | ListenError): string {
  const reason = error.cause instanceof Error ? error.cause.message : null
  const why =
    reason ??
    (error instanceof DiskError && diskProblems[error.problem] === 'directory-in-use' ? sharedDirectory : null)
  const message = error.message.replace(` (${reason})`, '')
  const end = message.search(/[.?!] [A-Z]/) + 1
  if (why === null || end === 0) return error.message
  return `${message.slice(0, end)}\n  why: ${why}\n  try: ${message.slice(end + 1)}`
}
