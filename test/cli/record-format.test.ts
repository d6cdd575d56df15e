/** The letters of -f. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileFormat, type RecordFormat } from '../../src/cli/record-format.ts'
import { consumed } from './consumed-record.ts'

const record = consumed({
  partition: 2,
  offset: 258n,
  key: Buffer.from('k1'),
  value: Buffer.from([0xff, 0xfe]),
  headers: [
    [Buffer.from('a'), Buffer.from('1')],
    [Buffer.from('b'), null]
  ]
})
const write = (format: string) => compileFormat(format, { key: 'text', value: 'base64' })(record, 3)

test('letters write the parts of a record, escapes what they stand for', () => {
  assert.equal(write('%t:%p:%o %k %K %V %H %d %i %%\\n').toString(), 'orders:2:258 k1 2 2 2 1700000000000 3 %\n')
  assert.equal(write('\\x41\\t%{%}').toString(), 'A\t{}')
})

test('a value passes as bytes, or as hex and base64', () => {
  assert.deepEqual(write('%v'), Buffer.from([0xff, 0xfe]))
  assert.deepEqual(write('%s'), Buffer.from([0xff, 0xfe]))
  assert.equal(write('%v{hex} %v{base64} %v{base64raw}').toString(), 'fffe //4= //4')
})

test('numbers can be written in binary', () => {
  assert.deepEqual(write('%o{big32}'), Buffer.from([0, 0, 1, 2]))
  assert.deepEqual(write('%o{little16}'), Buffer.from([2, 1]))
  assert.equal(write('%o{hex}').toString(), '102')
})

test('headers are written one by one as their braces say', () => {
  assert.equal(write('%h{%k=%v{hex};}').toString(), 'a=31;b=;')
})

test('times are written as calendars do', () => {
  assert.equal(write('%d{strftime[%F %T]}').toString(), '2023-11-14 22:13:20')
  assert.equal(write('%d{iso}').toString(), '2023-11-14T22:13:20.000Z')
})

test('%j is the record as JSON', () => {
  assert.equal(JSON.parse(write('%j').toString()).value, '//4=')
})

test('an unknown letter, modifier or escape is refused', () => {
  for (const wrong of ['%q', '%v{rot13}', '\\q', '%v{hex', '%'])
    assert.throws(() => write(wrong), /cannot be read/, wrong)
})

test('a format without a letter is a mistake, and the name of an output format most of all', () => {
  assert.throws(() => write('json'), { message: /same text for every record/, next: /^-o json/ })
  assert.throws(() => write('\\n'), { exitCode: 2 })
})

test('no key and an empty key look different when asked for', () => {
  const both = [consumed({ key: null }), consumed({ key: Buffer.alloc(0) })]
  const shown = (format: RecordFormat) => both.map((one) => format(one, 1).toString())
  const encodings = { key: 'text', value: 'text' } as const
  assert.deepEqual(shown(compileFormat('[%k]', encodings, 'NULL')), ['[NULL]', '[]'])
  assert.deepEqual(shown(compileFormat('[%k] %K', encodings)), ['[] -1', '[] 0'])
})
