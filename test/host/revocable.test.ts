/** A host that is taken back: whatever its broker had has ended, and nothing it waits for comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskError, type DiskFile } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import type { Connection } from '../../src/host/network.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { nodeNetwork } from '../../src/host/node/network.ts'
import { RevocableHost } from '../../src/host/revocable/host.ts'
import { Lease } from '../../src/host/revocable/lease.ts'

function newHost(disk: MemoryDisk | NodeDisk = new MemoryDisk()) {
  const clock = new ManualClock()
  const host = new RevocableHost({ disk, clock, chance: new SeededChance(1), network: nodeNetwork })
  return { host, below: { disk, clock } }
}

/** What has come of it after a few turns of the loop. */
async function stateOf(work: Promise<unknown>): Promise<'done' | 'refused' | 'waiting'> {
  let state: 'done' | 'refused' | 'waiting' = 'waiting'
  work.then(
    () => {
      state = 'done'
    },
    () => {
      state = 'refused'
    }
  )
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  return state
}

test('its timers go off at their time, and none of them after it is taken', () => {
  const { host, below } = newHost()
  const heard: string[] = []
  host.clock.after(10, () => heard.push('first'))
  host.clock.after(20, () => heard.push('cancelled')).cancel()
  host.clock.after(30, () => heard.push('late'))
  below.clock.advance(20)
  host.take()
  const tooLate = host.clock.after(5, () => heard.push('too late'))
  assert.equal(below.clock.waiting, 0)
  below.clock.advance(100)
  tooLate.cancel()
  assert.deepEqual(heard, ['first'])
  assert.equal(host.clock.nowMs(), below.clock.nowMs())
})

test('what has ended by itself is held no more, and is not ended again', () => {
  const lease = new Lease()
  const ended: string[] = []
  lease.hold(() => ended.push('first'))
  lease.hold(() => ended.push('over'))()
  lease.hold(() => ended.push('last'))
  lease.take()
  lease.take()
  assert.deepEqual(ended, ['last', 'first'])
})

test('what it had on its disk is there for the next, and its own code can change nothing of it', () => {
  const { host, below } = newHost()
  const unlock = host.disk.lock()
  assert.throws(() => below.disk.lock(), { problem: 'in-use' })
  const file = host.disk.open('file', 'create')
  file.append([Buffer.from('abc')])
  host.take()
  const attempts: ((file: DiskFile) => unknown)[] = [
    (file) => file.append([Buffer.from('d')]),
    (file) => file.writeAt(0, Buffer.from('x')),
    (file) => file.read(0, 1),
    (file) => file.truncate(0),
    () => host.disk.open('file', 'existing'),
    () => host.disk.open('other', 'create'),
    () => host.disk.readFile('file'),
    () => host.disk.replaceFile('file', Buffer.from('x')),
    () => host.disk.remove('file'),
    () => host.disk.rename('file', 'other'),
    () => host.disk.createDirectory('folder'),
    () => host.disk.list(''),
    () => host.disk.exists('file'),
    () => host.disk.sizeOf('file'),
    () => host.disk.space(),
    () => host.disk.syncDirectoryNow(''),
    () => host.disk.lock()
  ]
  for (const attempt of attempts) assert.throws(() => attempt(file), DiskError, String(attempt))
  file.close()
  assert.deepEqual([below.disk.list(''), String(below.disk.readFile('file'))], [['file'], 'abc'])
  const next = below.disk.lock()
  unlock()
  assert.throws(() => below.disk.lock(), { problem: 'in-use' }, 'the release of the one before gives nothing free')
  next()
})

test('no sync comes any more, whether it was under way or is asked for later', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-revocable-'))
  const { host } = newHost(new NodeDisk(directory))
  const file = host.disk.open('file', 'create')
  file.append([Buffer.from('abc')])
  await file.sync()
  await host.disk.syncDirectory('')
  const [sync, names] = [file.sync(), host.disk.syncDirectory('')]
  host.take()
  const later = [stateOf(file.sync()), stateOf(host.disk.syncDirectory(''))]
  assert.deepEqual(await Promise.all([stateOf(sync), stateOf(names), ...later]), [
    'waiting',
    'waiting',
    'waiting',
    'waiting'
  ])
  rmSync(directory, { recursive: true })
})

test('every file is closed', { skip: process.platform !== 'linux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-revocable-'))
  const { host } = newHost(new NodeDisk(directory))
  const openFiles = () => readdirSync('/proc/self/fd').length
  const before = openFiles()
  for (const name of ['a', 'b', 'c']) host.disk.open(name, 'create')
  host.disk.open('d', 'create').close()
  assert.ok(openFiles() >= 3, 'they are open')
  host.take()
  // What else was open in this process may have been closed meanwhile.
  assert.ok(openFiles() <= before, `${openFiles()} files are open, ${before} before`)
  rmSync(directory, { recursive: true })
})

test('its connections break, and its port is free for the next', async () => {
  const { host } = newHost()
  const accepted: Connection[] = []
  const listener = await host.network.listen('127.0.0.1', 0, (connection) => accepted.push(connection))
  const client = connect(listener.port, listener.host)
  await once(client, 'connect')
  while (accepted.length === 0) await new Promise(setImmediate)
  const closed = once(client, 'close')
  client.on('error', () => {})
  host.take()
  await closed
  assert.equal(accepted[0]?.write([Buffer.from('too late')]), true)
  const next = await nodeNetwork.listen('127.0.0.1', listener.port, () => {})
  await next.close()
  assert.equal(await stateOf(host.network.listen('127.0.0.1', 0, () => {})), 'waiting')
})

test('a listener that comes when the host is gone does not stay', async () => {
  const { host } = newHost()
  const found = await nodeNetwork.listen('127.0.0.1', 0, () => {})
  await found.close()
  const listening = host.network.listen('127.0.0.1', found.port, () => {})
  host.take()
  assert.equal(await stateOf(listening), 'waiting')
  const next = await nodeNetwork.listen('127.0.0.1', found.port, () => {})
  await next.close()
})
