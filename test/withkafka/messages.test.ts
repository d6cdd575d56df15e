/** What the producer makes of its input, without a broker. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linesOf } from '../../withkafka/produce/input.ts'
import { type Message, messageReader } from '../../withkafka/produce/messages.ts'
import type { Format, KeyRule } from '../../withkafka/produce/options.ts'
import { batchesOf } from '../../withkafka/produce/outgoing.ts'
import * as fc from '../harness/properties.ts'

const lines = { kind: 'input', file: undefined, pieces: 'lines' } as const

function read(text: string | Buffer, format: Format = 'text', key?: KeyRule): Message {
  return messageReader({ source: lines, format, key })(Buffer.from(text), 0)
}

async function* portions<Item>(...items: Item[]): AsyncGenerator<Item> {
  yield* items
}

async function all<Item>(items: AsyncIterable<readonly Item[]>): Promise<Item[][]> {
  const lists: Item[][] = []
  for await (const list of items) lists.push([...list])
  return lists
}

test('any bytes can be written as hex and as base64, and text is taken byte for byte', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (array) => {
      const bytes = Buffer.from(array)
      assert.deepEqual(read(bytes.toString('hex'), 'hex').value, bytes)
      assert.deepEqual(read(bytes.toString('base64'), 'base64').value, bytes)
      assert.deepEqual(read(bytes).value, bytes)
    })
  )
})

test('what is not of its format is refused, and the message is named', () => {
  for (const [text, format] of [
    ['0', 'hex'],
    ['xy', 'hex'],
    ['abc', 'base64'],
    ['a=bc', 'base64'],
    ['{"a":', 'json']
  ] as const)
    assert.throws(() => read(text, format), /message 1 is not (hex|base64|JSON)/, `${text} as ${format}`)
})

test('JSON is sent as it was written', () => {
  assert.equal(read('{ "b": 1,\t"a": 1.0 }', 'json').value?.toString(), '{ "b": 1,\t"a": 1.0 }')
})

test('a key is the same for all, a field of the JSON, or stands before a separator', () => {
  assert.equal(read('hello').key, null)
  assert.equal(read('hello', 'text', { kind: 'same', key: 'k' }).key?.toString(), 'k')
  assert.equal(read('{"order_id": 123}', 'text', { kind: 'field', name: 'order_id' }).key?.toString(), '123')
  assert.equal(read('{"user": "alice"}', 'json', { kind: 'field', name: 'user' }).key?.toString(), 'alice')
  const { key, value } = read('a::b::c', 'text', { kind: 'separator', text: '::' })
  assert.deepEqual([key?.toString(), value?.toString()], ['a', 'b::c'])
})

test('a message without the key that was asked for is refused instead of being sent without one', () => {
  assert.throws(() => read('{"a": 1}', 'text', { kind: 'field', name: 'order_id' }), /no text or number order_id/)
  assert.throws(() => read('{"order_id": null}', 'text', { kind: 'field', name: 'order_id' }), /order_id/)
  assert.throws(() => read('{"order_id": 9007199254740993}', 'text', { kind: 'field', name: 'order_id' }), /order_id/)
  assert.throws(() => read('[1]', 'text', { kind: 'field', name: 'order_id' }), /order_id/)
  assert.throws(() => read('hello', 'text', { kind: 'field', name: 'order_id' }), /not JSON/)
  assert.throws(() => read('hello', 'text', { kind: 'separator', text: ':' }), /has no key/)
})

test('lines are those between line ends, however the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n') })), async (chunks) => {
      const text = chunks.join('')
      const expected = text.split('\n')
      if (expected.at(-1) === '') expected.pop()
      const found = await all(linesOf(portions(...chunks.map((chunk) => Buffer.from(chunk)))))
      assert.deepEqual(
        found.flat().map((line) => line.toString()),
        expected
      )
    })
  )
})

test('a line that ends as on Windows loses both, also where its end comes in two pieces', async () => {
  const found = await all(linesOf(portions(...['a\r', '\nb\r\n', '\r\nc\rd\n'].map((chunk) => Buffer.from(chunk)))))
  assert.deepEqual(
    found.flat().map((line) => line.toString()),
    ['a', 'b', '', 'c\rd']
  )
})

test('batches keep the order, lose nothing, and stay below what a broker takes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 30 }), async (sizes) => {
      const input = portions(sizes.map((size) => Buffer.alloc(size)))
      const batches = await all(batchesOf(input, messageReader({ source: lines, format: 'text', key: undefined })))
      assert.deepEqual(
        batches.flat().map(({ index, value }) => [index, value?.length]),
        sizes.map((size, index) => [index, size])
      )
      for (const batch of batches) {
        assert.ok(batch.length > 0)
        const sizeBytes = batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
        assert.ok(batch.length === 1 || sizeBytes <= 1_000_000)
      }
    })
  )
  const [first, second, ...none] = await all(
    batchesOf(
      portions(Array.from({ length: 1500 }, () => Buffer.from('x'))),
      messageReader({ source: lines, format: 'text', key: undefined })
    )
  )
  assert.deepEqual([first?.length, second?.length, none.length], [1000, 500, 0])
})

test('what is typed is sent without waiting for more', async () => {
  const waits = new Promise<never>(() => {})
  async function* keyboard(): AsyncGenerator<Buffer[]> {
    yield [Buffer.from('first')]
    await waits
  }
  const batches = batchesOf(keyboard(), messageReader({ source: lines, format: 'text', key: undefined }))
  const { value } = await batches.next()
  assert.deepEqual(
    value?.map((message: Message) => message.value?.toString()),
    ['first']
  )
})
