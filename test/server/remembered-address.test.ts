/** Where a directory was served last: written by whoever serves it, read by whoever opens it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import { formatAddress, parseAddress, reachableAt } from '../../src/server/address.ts'
import { rememberAddress, rememberedAddress } from '../../src/server/remembered-address.ts'
import * as fc from '../harness/properties.ts'

const host = fc.oneof(fc.constantFrom('localhost', '127.0.0.1', '::1', 'fe80::1'), fc.domain())
const address = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }, { noNullPrototype: true })

test('an address is read as it was written', () => {
  fc.assert(fc.property(address, (one) => assert.deepEqual(parseAddress(formatAddress(one)), one)))
})

test('what is no address is none', () => {
  for (const text of ['', 'localhost', 'localhost:0', 'localhost:65536', '::1:9092', 'a b:9092', '[::1]', 'http://a:1'])
    assert.equal(parseAddress(text), null, text)
})

test('one that listens on every network is reached as localhost', () => {
  assert.deepEqual(reachableAt('0.0.0.0', 9092), { host: 'localhost', port: 9092 })
  assert.deepEqual(reachableAt('::', 9092), { host: 'localhost', port: 9092 })
  assert.deepEqual(reachableAt('192.168.1.5', 9092), { host: '192.168.1.5', port: 9092 })
})

test('a directory remembers the last address, and leaves nothing else behind', () => {
  fc.assert(
    fc.property(fc.array(address, { minLength: 1 }), (addresses) => {
      const disk = new MemoryDisk()
      assert.equal(rememberedAddress(disk), null)
      for (const one of addresses) rememberAddress(disk, one)
      assert.deepEqual(rememberedAddress(disk), addresses.at(-1))
      assert.deepEqual(disk.list(''), ['.address'])
    })
  )
})

test('a disk that is full keeps the last address, or has none, and nothing is left behind', () => {
  const [before, now] = [
    { host: '::1', port: 9092 },
    { host: '::1', port: 9093 }
  ]
  const disk = new MemoryDisk()
  rememberAddress(disk, before)
  const counting = new RefusingDisk(disk, null)
  rememberAddress(counting, now)
  for (let call = 1; call <= counting.calls; call++) {
    rememberAddress(disk, before)
    rememberAddress(new RefusingDisk(disk, { problem: 'full', call, lasts: 'once' }), now)
    assert.deepEqual(disk.list(''), ['.address'], `at call ${call}`)
  }
})

test('a file that is torn or none of ours is no address, and is replaced', () => {
  for (const content of ['', '127.0.0.1', '\u0000\u0000\u0000', 'host=localhost\nport=9092\n']) {
    const disk = new MemoryDisk()
    disk.replaceFile('.address', Buffer.from(content))
    disk.replaceFile('.address.tmp', Buffer.from('left behind'))
    assert.equal(rememberedAddress(disk), null)
    rememberAddress(disk, { host: '::1', port: 9092 })
    assert.equal(disk.readFile('.address').toString(), '[::1]:9092\n')
  }
})
