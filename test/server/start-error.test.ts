/** What a person is told when a broker does not start. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskError } from '../../src/host/disk.ts'
import { ListenError } from '../../src/host/network.ts'
import { diskError } from '../../src/host/node/disk-errors.ts'
import { nodeNetwork } from '../../src/host/node/network.ts'
import { StartError, startErrorOf } from '../../src/server/start-error.ts'

test('a port in use is told in three lines: what, why, what to try', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const address = blocker.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const error = await nodeNetwork.listen('127.0.0.1', port, () => {}).catch(startErrorOf)
  blocker.close()
  assert.ok(error instanceof StartError)
  assert.equal(error.problem, 'port-in-use')
  assert.deepEqual(error.message.split('\n'), [
    `Port ${port} on 127.0.0.1 is in use by another program.`,
    `  why: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    '  try: Stop that program, or choose another port (port 0 takes any free one).'
  ])
})

test('a directory in use is told in three lines, by the lock that refuses', async () => {
  const { NodeDisk } = await import('../../src/host/node/disk.ts')
  const directory = mkdtempSync(join(tmpdir(), 'odradek-start-error-'))
  const unlock = new NodeDisk(directory).lock()
  try {
    assert.throws(
      () => new NodeDisk(directory).lock(),
      (error) => {
        const { problem, message } = startErrorOf(error)
        assert.equal(problem, 'directory-in-use')
        assert.deepEqual(message.split('\n'), [
          `The directory ${directory} is in use by another broker in this process.`,
          '  why: two brokers that write the same files would damage them',
          '  try: Stop it first, or choose another directory.'
        ])
        return true
      }
    )
  } finally {
    unlock()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a full disk names the file, the reason once, and what to do', () => {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const { problem, message } = startErrorOf(diskError(cause, '/data/orders-0/00000000000000000000.log'))
  assert.equal(problem, 'disk-full')
  assert.deepEqual(message.split('\n'), [
    '/data/orders-0/00000000000000000000.log: The disk is full.',
    '  why: ENOSPC: no space left on device, write',
    '  try: Free some space, then try again; nothing that was acknowledged is lost.'
  ])
})

test('what has no three parts is told as it is, and keeps its cause', () => {
  const torn = new DiskError('failed', 'orders-0', 'The log orders-0 is torn.')
  assert.deepEqual([startErrorOf(torn).problem, startErrorOf(torn).message], ['damaged', 'The log orders-0 is torn.'])
  const odd = new ListenError('failed', 'Cannot listen.')
  assert.equal(startErrorOf(odd).message, 'Cannot listen.')
  const bug = new TypeError('x is not a function')
  assert.equal(startErrorOf(bug).message, 'The broker did not start: x is not a function')
  assert.equal(startErrorOf(bug).cause, bug)
  const known = startErrorOf(torn)
  assert.equal(startErrorOf(known), known)
})
