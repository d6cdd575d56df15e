/** However much is sent, `produce` holds no more of it than is on its way. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../harness/paths.ts'
import { commandLineAt, openCommandLine, unavailable } from './command-line.ts'

const lines = 600_000
/** As records they would take more than twice as much. */
const heapMiB = 80

test('a file whose records do not fit in memory is sent', { skip: unavailable() }, async () => {
  using directory = temporaryDirectory('memory')
  const file = join(directory.path, 'lines.txt')
  writeFileSync(file, '0123456789\n'.repeat(lines))
  await using cli = await openCommandLine()
  const small = commandLineAt(cli.bootstrap, { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` })
  const { code, stderr } = await small.run(['produce', cli.unique('memory'), '-F', file])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^600,000 records to /m)
})
