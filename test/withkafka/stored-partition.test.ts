/** The file that holds data and bookmark in one: whatever a crash leaves of its end, the bookmark says what is there. */

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConsumedMessage, jsonLineOf } from '../../withkafka/consume/message.ts'
import { StoredPartition } from '../../withkafka/consume/stored-partition.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import * as fc from '../harness/properties.ts'

function message(offset: number, value = `value ${offset}`): ConsumedMessage {
  return { topic: 't', partition: 0, offset, timestampMs: 1, key: null, value: Buffer.from(value), headers: [] }
}

function store(path: string, ...offsets: number[]): void {
  const file = StoredPartition.open(path)
  file.append(offsets.map((offset) => jsonLineOf(message(offset))).join(''), offsets.at(-1) ?? 0)
  file.close()
}

function nextOf(path: string): number {
  const file = StoredPartition.open(path)
  file.close()
  return file.next
}

function offsetsIn(path: string): number[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line).offset)
}

test('a new file begins at 0, and goes on behind the last offset, over holes too', () => {
  using directory = temporaryDirectory('stored')
  const path = join(directory.path, 't-0.jsonl')
  assert.equal(nextOf(path), 0)
  store(path, 0, 1, 5)
  assert.equal(nextOf(path), 6)
})

test('torn at any byte, the file keeps its whole lines, and the rest is stored again', () => {
  using directory = temporaryDirectory('stored')
  const path = join(directory.path, 't-0.jsonl')
  store(path, 0, 1, 2)
  const whole = readFileSync(path)
  for (let size = 0; size <= whole.length; size++) {
    writeFileSync(path, whole.subarray(0, size))
    const next = nextOf(path)
    assert.equal(next, whole.subarray(0, size).filter((byte) => byte === 0x0a).length)
    store(path, ...[0, 1, 2].filter((offset) => offset >= next))
    assert.deepEqual(readFileSync(path), whole, `torn at byte ${size}`)
  }
})

test('what a power cut leaves behind the last whole line is cut off', () => {
  using directory = temporaryDirectory('stored')
  const path = join(directory.path, 't-0.jsonl')
  for (const rest of [
    Buffer.alloc(5000),
    '{"offset":',
    'rubbish\n',
    '{"offset":"7"}\n',
    '\n',
    Buffer.alloc(200_000, 'x')
  ]) {
    writeFileSync(path, '')
    store(path, 0, 1)
    const sizeBytes = statSync(path).size
    appendFileSync(path, rest)
    assert.equal(nextOf(path), 2)
    assert.equal(statSync(path).size, sizeBytes)
  }
})

test('lines longer than what is read at a time are found', () => {
  using directory = temporaryDirectory('stored')
  const path = join(directory.path, 't-0.jsonl')
  const file = StoredPartition.open(path)
  file.append(jsonLineOf(message(41, 'x'.repeat(300_000))) + jsonLineOf(message(42, 'y'.repeat(200_000))), 42)
  file.close()
  assert.equal(nextOf(path), 43)
  truncateSync(path, statSync(path).size - 100_000)
  assert.equal(nextOf(path), 42)
})

test('any message is one line, and that line says all of it', () => {
  const bytes = fc.uint8Array().map((array) => Buffer.from(array))
  const nullable = fc.option(bytes, { nil: null })
  const headers = fc.array(fc.tuple(fc.string(), nullable))
  const decoded = (content: unknown): Buffer | null => {
    if (content === null) return null
    if (typeof content === 'string') return Buffer.from(content)
    return Buffer.from((content as { $base64: string }).$base64, 'base64')
  }
  fc.assert(
    fc.property(nullable, nullable, headers, fc.maxSafeNat(), (key, value, names, offset) => {
      const line = jsonLineOf({ topic: 't', partition: 3, offset, timestampMs: 7, key, value, headers: names })
      assert.equal(line.indexOf('\n'), line.length - 1)
      const read = JSON.parse(line)
      assert.deepEqual([read.topic, read.partition, read.offset, read.timestamp], ['t', 3, offset, 7])
      assert.deepEqual([decoded(read.key), decoded(read.value)], [key, value])
      assert.deepEqual(
        read.headers.map((header: { key: string; value: unknown }) => [header.key, decoded(header.value)]),
        names.map(([name, content]) => [name, content])
      )
    })
  )
})

test(
  'a disk that refuses to write is told, and what was stored before is whole',
  { skip: process.platform !== 'linux' },
  () => {
    assert.throws(() => StoredPartition.open('/dev/full/t-0.jsonl'), /cannot store in/)
    using directory = temporaryDirectory('stored')
    const path = join(directory.path, 't-0.jsonl')
    store(path, 0)
    assert.deepEqual(offsetsIn(path), [0])
  }
)
