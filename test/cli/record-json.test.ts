/** Records as JSON lines lose nothing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Header } from '../../src/cli/record.ts'
import { recordFromJson, recordToJson } from '../../src/cli/record-json.ts'
import * as fc from '../harness/properties.ts'
import { consumed } from './consumed-record.ts'

const text = { key: 'text', value: 'text' } as const

const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'grapheme' }).map((string) => Buffer.from(string)),
  fc.json().map((string) => Buffer.from(string)),
  fc.constant(Buffer.from('{"$base64":"AAE="}'))
)
const header: fc.Arbitrary<Header> = fc.tuple(bytes, fc.option(bytes, { nil: null }))

test('any record comes back from its JSON line, with text and with parsed values alike', () => {
  const record = fc.record(
    {
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.array(header, { maxLength: 4 }),
      partition: fc.nat(1000),
      timestampMs: fc.integer({ min: -1, max: 4_000_000_000_000 })
    },
    { noNullPrototype: true }
  )
  fc.assert(
    fc.property(record, (part) => {
      const line = recordToJson(consumed(part), text)
      assert.ok(!line.includes('\n'))
      const back = recordFromJson(line, 'line 1')
      assert.deepEqual(back, part)
    })
  )
})

test('bytes that are not UTF-8 carry the marker, headers keep order and duplicates', () => {
  const record = consumed({
    value: Buffer.from([0xff, 0x00]),
    headers: [
      [Buffer.from('h'), Buffer.from('1')],
      [Buffer.from('h'), null]
    ]
  })
  assert.deepEqual(JSON.parse(recordToJson(record, text)), {
    topic: 'orders',
    partition: 0,
    offset: 0,
    timestamp: 1700000000000,
    key: null,
    value: { $base64: '/wA=' },
    headers: [
      { key: 'h', value: '1' },
      { key: 'h', value: null }
    ]
  })
})

test('with json as the encoding a value is an object, but never one that reads as the marker', () => {
  const json = { key: 'text', value: 'json' } as const
  const shown = (value: string) => JSON.parse(recordToJson(consumed({ value: Buffer.from(value) }), json)).value
  assert.deepEqual(shown('{"total":20}'), { total: 20 })
  assert.equal(shown('{"$base64":"AAE="}'), '{"$base64":"AAE="}')
  assert.equal(shown('20'), '20')
  assert.equal(shown('not json'), 'not json')
})

test('an offset beyond what JSON numbers hold is written as text', () => {
  assert.match(recordToJson(consumed({ offset: 2n ** 60n }), text), /"offset":"1152921504606846976"/)
})

test('a line that is no record is refused with its number', () => {
  assert.throws(() => recordFromJson('{', 'line 7'), /line 7 is not JSON/)
  assert.throws(() => recordFromJson('{"order_id":1}', 'line 8'), /line 8 is not a record/)
  assert.throws(() => recordFromJson('{"value":"v","partition":"x"}', 'line 9'), /line 9: partition is "x"/)
})
