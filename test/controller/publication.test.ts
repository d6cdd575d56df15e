/** What the controller has written is told when it is safe. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Publication } from '../../src/controller/publication.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { RefusedSync } from '../../src/log/refused-sync.ts'

const record = { key: null, value: null }
const full = new DiskError('full', '__cluster_metadata-0', 'no room')

test('what no sync could begin for is refused, and told when one can', async () => {
  const clock = new ManualClock()
  let told = 0
  let isFull = true
  const publication = new Publication(clock, (records) => {
    told += records.length
  })
  const makeSafe = () => (isFull ? Promise.reject(RefusedSync.of(full)) : Promise.resolve())
  await assert.rejects(publication.publish([record], makeSafe), { problem: 'full' })
  assert.equal(told, 0)
  isFull = false
  clock.advance(limits.openAgainMs)
  await publication.settled()
  assert.equal(told, 1)
  await publication.publish([record], makeSafe)
  assert.equal(told, 2)
})

test('nothing is told any more once what was written is in doubt', async () => {
  const publication = new Publication(new ManualClock(), () => assert.fail('it is not safe'))
  await assert.rejects(
    publication.publish([record], () => Promise.reject(full)),
    full
  )
  await assert.rejects(
    publication.publish([record], () => Promise.resolve()),
    full
  )
})
