/** A program that does not catch a StartError: what stands on its screen is the message and a line of its own, not ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'

const dist = join(projectDirectory, 'dist')
const file = (name: string): string => JSON.stringify(join(dist, name))
/** Where Node ends on an error it shows the line that threw it, which in code without lines is all of it. */
const mostCharacters = 4000
const widestLine = 300

suite('an uncaught StartError', { skip: skipUnless(odradek()) }, () => {
  let blocker: Server
  let port: number

  before(async () => {
    blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const address = blocker.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })
  after(() => blocker.close())

  /** What it says on standard error, checked to be short. */
  function said(words: readonly string[], status: number): string {
    const ended = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 })
    assert.equal(ended.status, status, ended.stderr)
    assert.ok(ended.stderr.length < mostCharacters, `${ended.stderr.length} characters`)
    assert.deepEqual(
      ended.stderr.split('\n').filter((line) => line.length > widestLine),
      []
    )
    return ended.stderr
  }

  function saidByProgram(name: string, text: string): { lines: string[]; path: string } {
    using place = temporaryDirectory('uncaught')
    const path = join(place.path, name)
    writeFileSync(path, text)
    return { lines: said([path], 1).split('\n'), path }
  }

  /** Node's three lines of where it ended come first; then ours, and at once the line of the program. */
  function assertMessageFirst(lines: readonly string[], path: string, line: number): void {
    const message = [
      `StartError: Port ${port} on 127.0.0.1 is in use by another program.`,
      `  why: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
      '  try: Stop that program, or choose another port (port 0 takes any free one).'
    ]
    const start = lines.indexOf('') + 1
    assert.ok(start <= 4, lines.join('\n'))
    assert.deepEqual(lines.slice(start, start + 3), message)
    assert.ok(lines[start + 3]?.includes(`${path}:${line}:`), lines.join('\n'))
  }

  test('of a program that requires the package: the message first, then the line that called', () => {
    const text = `const { startKafka } = require(${file('index.cjs')})\nstartKafka({ port: ${port} })\n`
    const { lines, path } = saidByProgram('program.cjs', text)
    assertMessageFirst(lines, path, 2)
  })

  test('of a program that imports the package: the message first, then the line that called', () => {
    const index = JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)
    const text = `import { startKafka } from ${index}\nconst options = { port: ${port} }\nawait startKafka(options)\n`
    const { lines, path } = saidByProgram('program.mjs', text)
    assertMessageFirst(lines, path, 3)
  })

  test('of openKafka with a wrong option: the message first, then the line that called', () => {
    const text = `const { openKafka } = require(${file('index.cjs')})\nopenKafka({})\n`
    const { lines, path } = saidByProgram('program.cjs', text)
    const start = lines.indexOf('') + 1
    assert.match(lines[start] ?? '', /^StartError: The option directory of openKafka is wrong\./)
    assert.ok(lines[start + 1]?.includes(`${path}:2:`), lines.join('\n'))
  })

  test('of the command: three lines, no code', () => {
    using place = temporaryDirectory('uncaught')
    const words = ['serve', '--data', place.path, '--port', String(port)]
    const lines = said([join(dist, 'cli', 'main.js'), ...words], 1)
      .trimEnd()
      .split('\n')
    assert.equal(lines.length, 3, lines.join('\n'))
    assert.match(lines[0] ?? '', new RegExp(`^error: Port ${port} on .* is in use`))
  })
})
