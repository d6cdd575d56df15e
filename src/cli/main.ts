#!/usr/bin/env node
/**
 * The `odradek` command.
 *
 * Budget of a start: this file and what it imports is all that is read before the command is known. `serve` comes as one
 * script with V8's code for it; any other command loads what it needs, through Node's compile cache where there is one. It is built
 * as CommonJS: a process that loads no module as ECMAScript's is 5 ms quicker.
 */
import { loadServe } from './load-serve.ts'

void main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<void> {
  const served = words[0] === 'serve' ? await loadServe()?.runProgram(words) : undefined
  process.exitCode = served ?? (await (await import('./program.ts')).runProgram(words))
}
