/** The sum shown in the lesson about partitions is Kafka's. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2Steps, remainderLine } from '../../../src/cli/learn/murmur2-steps.ts'
import { partitionOfKey } from '../../../src/cli/produce/murmur2.ts'
import * as fc from '../../harness/properties.ts'

test('for any key, the steps end where the producer sends it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
      assert.equal(murmur2Steps(key).hash % partitions, partitionOfKey(Buffer.from(key), partitions))
    })
  )
})

test('every step is told, in lines that fit', () => {
  const { hash, lines } = murmur2Steps('order-7')
  const told = [...lines, remainderLine(hash, 3)]
  assert.match(told[0] ?? '', /^"order-7" is 7 bytes: 6f 72 64 65 72 2d 37$/)
  assert.match(told.join('\n'), /the rest, 3 bytes/)
  assert.match(told.at(-1) ?? '', new RegExp(`^${hash} modulo 3 += ${hash % 3}$`))
  for (const line of told) assert.ok(line.length <= 60, line)
})
