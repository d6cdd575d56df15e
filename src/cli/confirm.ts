/**
 * Asks before something is destroyed: the name must be typed. Without a keyboard only --yes counts. Ctrl-C and Ctrl-D mean no.
 */
import { createInterface } from 'node:readline/promises'
import { CliError, wrongUsage } from './cli-error.ts'
import type { Invocation } from './command.ts'
import { ExitCode } from './exit-codes.ts'

export async function confirmDestruction(invocation: Invocation, what: string, expected: string): Promise<void> {
  const { global, terminal, interrupted } = invocation
  if (global.yes) return
  if (!terminal.stdinIsTty)
    throw wrongUsage(
      `this would ${what}`,
      'nobody can be asked here',
      'the same command with --yes   (it cannot be undone)'
    )
  const prompt = createInterface({ input: terminal.stdin, output: process.stderr, terminal: true })
  try {
    const question = `This will ${what}. Type ${terminal.err.bold(expected)} to go on: `
    const typed = await prompt.question(question, { signal: interrupted })
    if (typed.trim() !== expected) throw wrongUsage('not confirmed, nothing was changed')
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error
    // The cursor stands behind the question.
    process.stderr.write('\n')
    throw new CliError({ what: 'not confirmed, nothing was changed', exitCode: ExitCode.interrupted, cause: error })
  } finally {
    prompt.close()
  }
}

/** Where there is nothing to delete, nobody is asked. `existing` finds which there are, and is not called with --yes. */
export async function confirmDeletion(
  invocation: Invocation,
  what: { readonly kind: 'topic' | 'group'; readonly lost: string },
  existing: () => Promise<readonly string[]>
): Promise<void> {
  if (invocation.global.yes) return
  const names = await existing()
  const [first] = names
  if (first === undefined) return
  if (names.length === 1)
    await confirmDestruction(invocation, `delete the ${what.kind} ${first} with ${what.lost}`, first)
  else await confirmDestruction(invocation, `delete ${names.length} ${what.kind}s: ${names.join(', ')}`, 'delete')
}
