#!/usr/bin/env node
/**
 * The `odradek` command.
 */
import { runProgram } from './program.ts'

process.exitCode = await runProgram(process.argv.slice(2))
