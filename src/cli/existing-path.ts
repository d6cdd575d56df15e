/** What a reader names on this machine has to be there. */
import { type Stats, statSync } from 'node:fs'
import { CliError } from './cli-error.ts'
import { ExitCode } from './exit-codes.ts'

/** Throws CliError, with the exit code of what is not found. */
export function existing(path: string): Stats {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined) return found
  throw new CliError({ what: `${path} is not there`, exitCode: ExitCode.notFound })
}
