#!/usr/bin/env node
/**
 * The `odradek` command.
 *
 * Budget of a start: this file and what it imports is all that is read before the command is known. `serve` comes as one
 * script with V8's code for it; any other command loads what it needs, through Node's compile cache where there is one.
 */
import { loadServe } from './load-serve.ts'

const words = process.argv.slice(2)
const { runProgram } = (words[0] === 'serve' ? loadServe() : null) ?? (await import('./program.ts'))
process.exitCode = await runProgram(words)
