/**
 * Asks before something is destroyed: the name must be typed. Without a keyboard only --yes counts.
 */
import { createInterface } from 'node:readline/promises'
import { wrongUsage } from './cli-error.ts'
import type { Invocation } from './command.ts'

export async function confirmDestruction(invocation: Invocation, what: string, expected: string): Promise<void> {
  const { global, terminal, interrupted } = invocation
  if (global.yes) return
  if (!terminal.stdinIsTty)
    throw wrongUsage(`this would ${what}`, 'nobody can be asked here', 'the same command with --yes')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const question = `This will ${what}. Type ${terminal.err.bold(expected)} to go on: `
    const typed = await prompt.question(question, { signal: interrupted })
    if (typed.trim() !== expected) throw wrongUsage('not confirmed, nothing was changed')
  } finally {
    prompt.close()
  }
}
