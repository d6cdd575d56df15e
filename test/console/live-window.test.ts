/** A page that does not take what it is sent costs fifty records, however many come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveWindow } from '../../src/console/http/live-records.ts'
import { consumed } from '../cli/consumed-record.ts'

test('the newest are kept, newest first, and the others are counted', () => {
  const window = new LiveWindow()
  for (let offset = 0; offset < 1000; offset += 10)
    window.add(Array.from({ length: 10 }, (_, index) => consumed({ offset: BigInt(offset + index) })))
  const { records, skipped } = window.take()
  assert.deepEqual(
    records.map(({ offset }) => offset),
    Array.from({ length: 50 }, (_, index) => 999 - index)
  )
  assert.equal(skipped, 950)
  assert.equal(window.isEmpty, true)
})
