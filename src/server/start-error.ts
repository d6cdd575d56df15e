/** Why a broker did not start. The message has up to three lines: what happened, why, and what to do. */
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
  'not-permitted': 'not-permitted',
  'not-found': 'failed',
  failed: 'damaged'
}

export function startErrorOf(error: unknown): StartError {
  if (error instanceof StartError) return error
  if (error instanceof ConfigError) return new StartError('bad-option', error.message, error)
  if (error instanceof DiskError) return new StartError(diskProblems[error.problem], error.message, error)
  if (error instanceof ListenError) {
    const problem = error.problem === 'in-use' ? 'port-in-use' : error.problem
    return new StartError(problem, error.message, error)
  }
  const message = error instanceof Error ? error.message : String(error)
  return new StartError('failed', `The broker did not start: ${message}`, error)
}
