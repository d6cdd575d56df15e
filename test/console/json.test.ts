/** JSON is shown with its white space set anew, and nothing else of it is another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pretty } from '../../src/console/app/parts/json.ts'
import * as fc from '../harness/properties.ts'

test('it looks as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      assert.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2))
    })
  )
})

test('numbers stay as they are written, and names that come twice come twice', () => {
  assert.equal(pretty('{"id":12345678901234567890,"id":1.0}'), '{\n  "id": 12345678901234567890,\n  "id": 1.0\n}')
})

test('what is no JSON, and what lies deeper than anybody reads, stays as it is', () => {
  const deep = `${'['.repeat(2000)}${']'.repeat(2000)}`
  for (const text of ['', 'soup', '[', '{"a":', '{a: 1}', '12', deep]) assert.equal(pretty(text), text)
})
