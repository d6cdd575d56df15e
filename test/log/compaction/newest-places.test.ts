/** A batch that has the newest record of no key is not unpacked a second time, and one that may have one is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../src/limits.ts'
import { cleanBatch } from '../../../src/log/compaction/batch-cleaning.ts'
import { NewestPlaces } from '../../../src/log/compaction/newest-places.ts'
import { OffsetMap } from '../../../src/log/compaction/offset-map.ts'
import { batchHeaderBytes, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import * as fc from '../../harness/properties.ts'

const firstOffset = 1000

/** Keys of the records from the first offset on. */
function placesOf(keys: readonly number[], endOffset: number): { places: NewestPlaces; newest: Map<number, number> } {
  const places = new NewestPlaces(firstOffset, endOffset)
  const newest = new Map<number, number>()
  for (const [index, key] of keys.entries()) {
    places.moved(newest.get(key) ?? -1, firstOffset + index)
    newest.set(key, firstOffset + index)
  }
  return { places, newest }
}

test('what has no newest record is told apart from what has one, offset by offset', () => {
  const key = fc.integer({ min: 0, max: 9 })
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 40 }), fc.nat(45), fc.nat(45), (keys, start, more) => {
      const { places, newest } = placesOf(keys, firstOffset + keys.length)
      const first = firstOffset + Math.min(start, keys.length - 1)
      const last = Math.min(first + more, firstOffset + keys.length - 1)
      const isThere = [...newest.values()].some((offset) => offset >= first && offset <= last)
      assert.equal(places.hasNone(first, last), !isThere)
    })
  )
})

test('in a long log a stretch stands for many offsets, and none of them is passed over while a newest record lies in it', () => {
  const places = new NewestPlaces(firstOffset, firstOffset + 10 * limits.compactionStretches)
  places.moved(-1, firstOffset + 25)
  places.moved(firstOffset + 25, firstOffset + 29)
  assert.ok(!places.hasNone(firstOffset + 21, firstOffset + 22))
  assert.ok(places.hasNone(firstOffset + 10, firstOffset + 19))
  places.moved(firstOffset + 29, firstOffset + 30)
  assert.ok(places.hasNone(firstOffset, firstOffset + 29))
  assert.ok(!places.hasNone(firstOffset, firstOffset + 30))
})

test('of what lies before the dirty records nothing is known', () => {
  const { places } = placesOf([1, 1], firstOffset + 2)
  assert.ok(places.hasNone(firstOffset, firstOffset))
  assert.ok(!places.hasNone(firstOffset - 1, firstOffset))
})

test('a batch of which each record has a newer one goes unseen; one that is not looked through to its end is unpacked', () => {
  const value = Buffer.alloc(200, 'a')
  const records = [1, 2, 3].map((key) => ({ timestamp: 5, key: Buffer.from(`k${key}`), value, headers: [] }))
  const batch = buildBatch({ compression: Compression.lz4, baseOffset: firstOffset, records })
  // What is no LZ4 frame cannot be unpacked.
  batch.fill(0, batchHeaderBytes)
  const header = readBatchHeader(batch)
  const rules = {
    newest: new OffsetMap({ memoryBytes: 1000, loadFactor: 0.9, keysMax: 3 }),
    ...{ places: placesOf([1, 2, 3, 1, 2, 3], firstOffset + 6).places, newestOffset: firstOffset + 5 },
    ...{ endOffset: firstOffset + 6, producers: new Map(), nowMs: 10, deleteRetentionMs: 10 }
  }
  assert.deepEqual(cleanBatch(batch, header, false, rules), { bytes: null, recordsKept: 0 })
  const throughItsFirst = { ...rules, newestOffset: firstOffset }
  assert.throws(() => cleanBatch(batch, header, false, throughItsFirst), { name: 'InvalidRecordsError' })
})
