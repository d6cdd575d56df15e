/** How a cluster is opened for a command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCluster } from '../../src/cli/connect.ts'
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
