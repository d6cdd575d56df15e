/** One sync of a directory for many who ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DirectorySyncs } from '../../src/host/node/directory-syncs.ts'

function underControl() {
  const begun: { readonly path: string; readonly end: () => void; readonly fail: (error: Error) => void }[] = []
  const syncs = new DirectorySyncs(
    (path) => new Promise((resolve, reject) => begun.push({ path, end: resolve, fail: reject }))
  )
  return { syncs, begun }
}

test('those who ask while a directory is synced share the next sync, which begins after it', async () => {
  const { syncs, begun } = underControl()
  const first = syncs.sync('root')
  let answered = 0
  const count = () => {
    answered += 1
  }
  const later = [syncs.sync('root').then(count), syncs.sync('root').then(count)]
  assert.equal(begun.length, 1)
  begun[0]?.end()
  await first
  await setImmediate()
  assert.equal(begun.length, 2)
  assert.equal(answered, 0, 'the sync that ended began before they asked')
  begun[1]?.end()
  await Promise.all(later)
  await setImmediate()
  assert.equal(begun.length, 2)
})

test('directories are synced beside each other', () => {
  const { syncs, begun } = underControl()
  void syncs.sync('a')
  void syncs.sync('b')
  assert.deepEqual(
    begun.map(({ path }) => path),
    ['a', 'b']
  )
})

test('a sync that fails is told to those who wait for the next, and the one after tries again', async () => {
  const { syncs, begun } = underControl()
  const both = [syncs.sync('root'), syncs.sync('root')]
  begun[0]?.fail(new Error('the disk is gone'))
  for (const { status } of await Promise.allSettled(both)) assert.equal(status, 'rejected')
  const again = syncs.sync('root')
  begun[1]?.end()
  await again
})
