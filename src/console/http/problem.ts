/** What went wrong, as a command would tell it. */
import type { CliError } from '../../cli/cli-error.ts'
import { asCalled } from '../../cli/own-name.ts'
import type { ProblemView } from '../wire.ts'

export function problemView({ message, why, next }: Pick<CliError, 'message' | 'why' | 'next'>): ProblemView {
  return { what: message, why: why ?? null, next: next === undefined ? null : asCalled(next) }
}
