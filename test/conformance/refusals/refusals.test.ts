/** What a user sees when the broker cannot start: one clear message that says what to do, and nothing on disk is touched. */
import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../../harness/child-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { createByAsking } from '../../harness/raw-requests.ts'
import { found, skipUnless } from '../../harness/tools.ts'
import { RawConnection } from '../../harness/wire.ts'

const LINES_MAX = 5

describe('odradek serve refuses to start', { skip: skipUnless(odradek()) }, () => {
  test('on a port that is taken', async () => {
    await using first = await startOdradek({ storage: 'memory' })
    const port = first.bootstrap.split(':')[1] ?? ''
    const refusal = await serve('--port', port, '--memory')
    assert.match(refusal, new RegExp(port))
    assert.match(refusal, /in use|taken/i)
  })

  test('on a directory that another broker has, and leaves it as it is', async () => {
    await using first = await startOdradek()
    const connection = await RawConnection.open(first.bootstrap)
    await createByAsking(connection, 'kept')
    const directory = first.dataDirectory ?? ''
    const before = filesOf(directory)
    const refusal = await serve('--port', '0', '--data', directory)
    assert.ok(refusal.includes(directory))
    assert.match(refusal, /in use|another|already/i)
    assert.deepEqual(filesOf(directory), before)
    assert.equal(await createByAsking(connection, 'kept'), 1, 'the first broker goes on')
    connection.close()
  })

  test('on a data directory that is a file', async () => {
    using scratch = temporaryDirectory('refusal')
    const file = join(scratch.path, 'file')
    writeFileSync(file, 'not a directory')
    assert.ok((await serve('--port', '0', '--data', file)).includes(file))
  })
})

/** Runs `odradek serve`, which must end by itself; what it said on stderr, in few lines and without a stack trace. */
async function serve(...args: string[]): Promise<string> {
  const { code, stderr } = await run(process.execPath, [found(odradek()), 'serve', ...args], { timeoutMs: 20_000 })
  assert.notEqual(code, 0)
  const lines = stderr.trim().split('\n')
  assert.ok(lines.length <= LINES_MAX, `one clear message, not ${lines.length} lines:\n${stderr}`)
  assert.doesNotMatch(stderr, /^\s+at /m)
  return stderr
}

function filesOf(directory: string): [path: string, sizeBytes: number][] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => [path, statSync(join(directory, path)).size])
}
