/** How a cluster is opened for a command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CliError } from '../../src/cli/cli-error.ts'
import { connect, openCluster } from '../../src/cli/connect.ts'
import { quietOptions } from './quiet-options.ts'

test('the library of an open cluster passes over the tagged fields of an answer', async () => {
  const cluster = await openCluster(quietOptions('127.0.0.1:1'), 1000)
  try {
    // One field: its tag 0, three bytes long; behind it a 7.
    const reader = cluster.library.Reader.from(Buffer.from([1, 0, 3, 9, 9, 9, 7]))
    reader.readTaggedFields()
    assert.equal(reader.readInt8(), 7)
  } finally {
    await cluster.close()
  }
})

test('where nobody listens on this machine, the hint starts a broker there and nowhere else', async () => {
  const hintFor = async (...brokers: string[]) => {
    const failure = await connect({ ...quietOptions('localhost:1'), brokers }).catch((error: CliError) => error)
    assert.ok('next' in failure)
    return failure.next
  }
  const other = 'or name another with -b HOST:PORT'
  assert.equal(await hintFor('localhost:9'), `odradek serve --port 9   (starts one there), ${other}`)
  assert.equal(await hintFor('127.0.0.1:9'), `odradek serve --host 127.0.0.1 --port 9   (starts one there), ${other}`)
  assert.equal(await hintFor('localhost:9', 'localhost:10'), 'name another broker with -b HOST:PORT')
})
