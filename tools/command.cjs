#!/usr/bin/env node
/** What `npx odradek` is in this clone: the command that the build made, or a sentence where it made none yet. */
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const built = join(__dirname, '..', 'dist', 'cli', 'main.js')
if (existsSync(built)) require(built)
else {
  const why = 'there is no dist/ in this clone: npm install builds it'
  process.stderr.write(`error: odradek is not built yet\n  why: ${why}\n  try: npm install\n`)
  process.exitCode = 1
}
