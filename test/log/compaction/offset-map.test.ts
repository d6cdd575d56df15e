/** Keys are told apart by their MD5, of which Node knows another way, and each has the offset that was noted last. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Md5 } from '../../../src/log/compaction/md5.ts'
import { bytesPerKey, OffsetMap } from '../../../src/log/compaction/offset-map.ts'
import * as fc from '../../harness/properties.ts'

function digestOf(md5: Md5): Buffer {
  const digest = Buffer.alloc(16)
  for (const [index, word] of md5.words.entries()) digest.writeInt32LE(word, index * 4)
  return digest
}

test('a key of any length is hashed as MD5 has it', () => {
  const md5 = new Md5()
  for (let length = 0; length < 300; length++) {
    const bytes = Buffer.alloc(length + 7, `${length} and the rest`)
    md5.hash(bytes, 3, 3 + length)
    const wanted = createHash('md5')
      .update(bytes.subarray(3, 3 + length))
      .digest()
    assert.deepEqual(digestOf(md5), wanted, `${length} bytes`)
  }
})

const memory = { memoryBytes: 1000 * bytesPerKey, loadFactor: 0.9 }

test('each key has the offset that was noted last, whatever others there are', () => {
  const key = fc.integer({ min: 0, max: 60 })
  const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(key, offset), { maxLength: 200 }), (puts) => {
      const map = new OffsetMap({ ...memory, keysMax: 61 })
      const wanted = new Map<number, number>()
      for (const [number, at] of puts) {
        const bytes = Buffer.from(`key ${number}`)
        assert.equal(map.put(bytes, 0, bytes.length, at), wanted.get(number) ?? -1)
        wanted.set(number, at)
      }
      assert.equal(map.size, wanted.size)
      for (let number = 0; number <= 60; number++) {
        const bytes = Buffer.from(`a key ${number}`)
        assert.equal(map.offsetOf(bytes, 2, bytes.length), wanted.get(number) ?? -1)
      }
    })
  )
})

test('what is full takes no other key, and those that it has all the same', () => {
  const map = new OffsetMap({ ...memory, keysMax: 1_000_000 })
  assert.ok(map.capacity > 800 && map.capacity <= 900, `${map.capacity}`)
  const put = (number: number, offset: number): number | null => {
    const bytes = Buffer.from(String(number))
    return map.put(bytes, 0, bytes.length, offset)
  }
  for (let number = 0; number < map.capacity; number++) assert.equal(put(number, number), -1)
  assert.equal(put(map.capacity, 5), null)
  assert.equal(put(0, 5), 0)
  assert.equal(map.offsetOf(Buffer.from('0'), 0, 1), 5)
  assert.equal(map.size, map.capacity)
})

test('there is room for all keys that may come, and for no more than those', () => {
  for (const keysMax of [0, 1, 2, 10, 1000, 100_000]) {
    const map = new OffsetMap({ memoryBytes: 2 ** 30, loadFactor: 0.9, keysMax })
    assert.ok(map.capacity >= keysMax && map.capacity < keysMax + 1000, `${map.capacity} for ${keysMax}`)
  }
  assert.ok(new OffsetMap({ memoryBytes: 0, loadFactor: 0.9, keysMax: 10 }).capacity >= 1)
})
