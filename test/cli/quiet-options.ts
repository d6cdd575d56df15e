/** The global options of a command that says nothing beside what it prints. */
import type { GlobalOptions } from '../../src/cli/command.ts'

export function quietOptions(...brokers: string[]): GlobalOptions {
  return { brokers, settings: {}, output: undefined, timeoutMs: undefined, quiet: true, verbose: false, yes: false }
}
