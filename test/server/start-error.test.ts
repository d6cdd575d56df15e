/** What a person is told when a broker does not start. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { DiskError } from '../../src/host/disk.ts'
import { ListenError } from '../../src/host/network.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
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

test('a directory that cannot be one is the wrong option; one that cannot be made is told so', () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-start-error-'))
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const problemAt = (place: string) => {
    try {
      new NodeDisk(place).createDirectory('')
    } catch (error) {
      return startErrorOf(error)
    }
    throw new Error(`${place} is one`)
  }
  for (const place of [file, join(file, 'below')]) {
    const { problem, message } = problemAt(place)
    assert.equal(problem, 'bad-option')
    assert.match(
      message,
      /\/file is a file, where a directory belongs\.\n {2}why: .*\n {2}try: Move it away, or choose another directory\./
    )
  }
  const { problem, message } = problemAt('/proc/odradek')
  assert.equal(problem, 'not-permitted')
  assert.match(
    message,
    /^\/proc\/odradek: No directory can be made there\.\n {2}why: .*\n {2}try: Choose another place/
  )
  rmSync(directory, { recursive: true })
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

test('errors of Node are understood where the program has an Error of its own, as in a test of Jest', () => {
  const cause: unknown = runInNewContext(
    "Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES' })"
  )
  assert.ok(!(cause instanceof Error))
  const { problem, message } = startErrorOf(diskError(cause, '/data'))
  assert.equal(problem, 'not-permitted')
  assert.deepEqual(message.split('\n'), [
    '/data: This user may not use it.',
    '  why: EACCES: permission denied, open',
    '  try: Change its permissions, or choose another directory.'
  ])
})
