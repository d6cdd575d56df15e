/** However much is sent, and however fast it comes, `produce` holds no more than is on its way. */
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

test(
  'values that are made faster than they are sent leave nothing on the signal: no warning stands among what is told',
  {
    skip: unavailable()
  },
  async () => {
    await using cli = await openCommandLine()
    for (const options of [
      ['-n', '100000'],
      ['-n', '4000', '--rate', '2000']
    ]) {
      const { code, stderr } = await cli.run(['produce', cli.unique('fast'), '--template', '{{n}}', ...options])
      assert.equal(code, 0, stderr)
      assert.doesNotMatch(stderr, /Warning/)
    }
  }
)
