/** What may enter a log. Each error code was seen from a running Apache Kafka 4.4.0 on the same bytes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, errorName } from '../../../src/protocol/error-codes.ts'
import { forEachBatch, sealCrc } from '../../../src/protocol/records/batch.ts'
import { checkClientBatches, checkOwnBatches } from '../../../src/protocol/records/batch-checks.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import * as fc from '../../harness/properties.ts'
import { oldMessage } from '../../harness/record-batch.ts'

const record = { timestamp: 5, key: null, value: Buffer.from('v'), headers: [] }
const content = { records: [record] }
const good = buildBatch(content)

function errorOf(records: Buffer, maxBatchBytes = 1_000_000): string {
  const checked = checkClientBatches(records, maxBatchBytes)
  return checked.ok ? 'NONE' : errorName(checked.error)
}

/** A copy of a batch with something changed, and a right CRC again. */
function resealed(change: (batch: Buffer) => void, batch = good): Buffer {
  const copy = Buffer.from(batch)
  change(copy)
  sealCrc(copy, 0, copy.length)
  return copy
}

function followedBy(...more: readonly Uint8Array[]): Buffer {
  return Buffer.concat([good, ...more])
}

const cases: Readonly<Record<string, readonly [name: string, records: Buffer][]>> = {
  NONE: [
    ['one batch', good],
    ['a batch in each compression', buildBatch({ ...content, compression: Compression.zstd })],
    ['a leader epoch, which the broker replaces', resealed((batch) => batch.writeInt32BE(7, 12))],
    ['attributes without a meaning yet', resealed((batch) => batch.writeInt16BE(0x4000, 21))],
    ['an idempotent batch', buildBatch({ ...content, producerId: 4, producerEpoch: 0, baseSequence: 0 })],
    ['a producer below -1, which is none', buildBatch({ ...content, producerId: -2, baseSequence: -1 })],
    ['a sequence number without a producer', buildBatch({ ...content, baseSequence: 0 })],
    ['a largest timestamp below the first', resealed((batch) => batch.writeBigInt64BE(1n, 35))],
    ['a second batch of which less than a frame is there', followedBy(Buffer.alloc(11))],
    ['a second batch that is cut short', followedBy(good.subarray(0, 40))]
  ],
  INVALID_RECORD: [
    ['nothing', Buffer.alloc(0)],
    ['two batches', followedBy(good)],
    ['an old message after the batch', followedBy(oldMessage(1, 'x'))],
    ['a batch without its last byte', good.subarray(0, good.length - 1)],
    ['a header without records', good.subarray(0, 61)],
    ['half a header', good.subarray(0, 30)],
    ['a few bytes', good.subarray(0, 5)],
    ['magic 0', oldMessage(0, 'x')],
    ['magic 1', oldMessage(1, 'x')],
    ['a positive base offset', resealed((batch) => batch.writeBigInt64BE(5n, 0))],
    ['a negative base offset', resealed((batch) => batch.writeBigInt64BE(-1n, 0))],
    ['no record', resealed((batch) => batch.writeInt32BE(0, 57))],
    ['a negative number of records', resealed((batch) => batch.writeInt32BE(-1, 57))],
    ['a number of records other than the offsets', resealed((batch) => batch.writeInt32BE(1, 23))],
    ['a negative range of offsets', resealed((batch) => batch.writeInt32BE(-1, 23))],
    ['control records', buildBatch({ ...content, isControl: true })],
    ['a producer without a sequence number', buildBatch({ ...content, producerId: 4, producerEpoch: 0 })],
    ['a negative sequence number', buildBatch({ ...content, producerId: 4, producerEpoch: 0, baseSequence: -2 })]
  ],
  CORRUPT_MESSAGE: [
    ['a flipped bit in a record', flipped(good, 62)],
    ['a flipped bit in the CRC', flipped(good, 18)],
    ['a negative length', resealed((batch) => batch.writeInt32BE(-1, 8))],
    ['a length below that of every format', resealed((batch) => batch.writeInt32BE(13, 8))],
    ['a length of one byte too few', resealed((batch) => batch.writeInt32BE(batch.length - 13, 8))],
    ['a length below that of the header', followsItself(48)],
    ['a magic that nobody knows', resealed((batch) => batch.writeInt8(3, 16))],
    ['a negative magic', resealed((batch) => batch.writeInt8(-1, 16))],
    ['something after the batch that is none', followedBy(Buffer.alloc(30, 0xff))]
  ],
  UNKNOWN_SERVER_ERROR: [['a compression that nobody knows', resealed((batch) => batch.writeInt16BE(5, 21))]]
}

function flipped(batch: Buffer, position: number): Buffer {
  const copy = Buffer.from(batch)
  copy.writeUInt8(copy.readUInt8(position) ^ 1, position)
  return copy
}

/** A batch whose length ends before the header does, with nothing after it. */
function followsItself(length: number): Buffer {
  const copy = Buffer.from(good.subarray(0, 12 + length))
  copy.writeInt32BE(length, 8)
  return copy
}

for (const [error, records] of Object.entries(cases)) {
  for (const [name, bytes] of records) {
    test(`${name}: ${error}`, () => assert.equal(errorOf(bytes), error))
  }
}

test('a batch larger than the topic takes is told so before its CRC is looked at', () => {
  assert.equal(errorOf(good, good.length), 'NONE')
  assert.equal(errorOf(flipped(good, 62), good.length - 1), 'MESSAGE_TOO_LARGE')
})

test('what comes back says how many bytes may be appended', () => {
  const checked = checkClientBatches(followedBy(good.subarray(0, 20)), 1000)
  assert.ok(checked.ok)
  assert.deepEqual(
    checked.batches.map(({ sizeBytes }) => sizeBytes),
    [good.length]
  )
})

test('random bytes are refused and never read past their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      assert.notEqual(errorOf(Buffer.from(array)), 'NONE')
    })
  )
})

test('the broker may append several batches and control records, whole and right', () => {
  const control = buildBatch({ ...content, isControl: true, producerId: 4, producerEpoch: 0 })
  const checked = checkOwnBatches(Buffer.concat([good, control]))
  assert.equal(checked.ok && checked.batches.length, 2)
  const torn = checkOwnBatches(Buffer.concat([good, control.subarray(0, control.length - 1)]))
  assert.equal(!torn.ok && torn.error, ErrorCode.CORRUPT_MESSAGE)
})

test('a walk ends at the first byte that is no whole batch, wherever the bytes were cut or changed', () => {
  const batches = [1, 2, 3].map((count) => buildBatch({ records: Array(count).fill(record) }))
  const log = Buffer.concat(batches)
  const ends = batches.map((_, index) => Buffer.concat(batches.slice(0, index + 1)).length)
  const before = (position: number): number => ends.findLast((end) => end <= position) ?? 0
  fc.assert(
    fc.property(fc.nat(log.length - 1), (position) => {
      const visited: number[] = []
      assert.equal(
        forEachBatch(log.subarray(0, position), (_header, start) => visited.push(start)),
        before(position)
      )
      assert.deepEqual(
        visited,
        [0, ...ends].filter((start) => start < before(position))
      )
    })
  )
  fc.assert(
    fc.property(fc.nat(batches.length - 1), fc.nat(), (index, where) => {
      const start = ends[index - 1] ?? 0
      const sizeBytes = batches[index]?.length ?? 0
      // From the magic on: nothing protects base offset and epoch.
      assert.equal(
        forEachBatch(flipped(log, start + 16 + (where % (sizeBytes - 16))), () => {}),
        start
      )
    })
  )
})
