/** Batches made and read: every shape in every compression, what may not be in one, and what is looked for in one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasValidCrc, patchMaxTimestamp, patchPlace, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { findOffsetForTimestamp, InvalidRecordsError, readRecords } from '../../../src/protocol/records/reader.ts'
import * as fc from '../../harness/properties.ts'
import { recompressed } from './recompressed.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const field = fc.option(bytes)
const record = fc.record(
  {
    timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
    key: field,
    value: field,
    headers: fc.array(fc.record({ key: fc.string(), value: field }, { noNullPrototype: true }), { maxLength: 4 })
  },
  { noNullPrototype: true }
)
const records = fc.array(record, { minLength: 1, maxLength: 40 })
const compression = fc.constantFrom(...Object.values(Compression))
const simple = { timestamp: 5, key: null, value: Buffer.from('v'), headers: [] }

test('a batch gives back its records, in every compression', () => {
  fc.assert(
    fc.property(records, compression, fc.nat(2 ** 40), (content, codec, baseOffset) => {
      const batch = buildBatch({ baseOffset, compression: codec, records: content })
      const read = [...readRecords(batch)]
      assert.deepEqual(
        read.map(({ offset: _offset, ...rest }) => rest),
        content
      )
      assert.deepEqual(
        read.map(({ offset }) => offset),
        content.map((_, index) => baseOffset + index)
      )
      assert.equal(readBatchHeader(batch).maxTimestamp, Math.max(...content.map(({ timestamp }) => timestamp)))
    })
  )
})

test('another compression changes no record, and nothing of the header but size, CRC and compression', () => {
  fc.assert(
    fc.property(records, compression, compression, (content, from, to) => {
      const identity = { producerId: 7, producerEpoch: 1, baseSequence: 3, isTransactional: true }
      const batch = buildBatch({ compression: from, records: content, ...identity })
      const packed = recompressed(batch, to)
      assert.ok(hasValidCrc(packed, 0, packed.length))
      assert.deepEqual([...readRecords(packed)], [...readRecords(batch)])
      assert.deepEqual(
        { ...readBatchHeader(packed), crc: 0, sizeBytes: 0 },
        { ...readBatchHeader(batch), crc: 0, sizeBytes: 0, attributes: 0x10 | to }
      )
    })
  )
})

test('any flipped bit after the CRC is noticed', () => {
  fc.assert(
    fc.property(records, compression, fc.nat(), fc.nat(7), (content, codec, where, bit) => {
      const batch = buildBatch({ records: content, compression: codec })
      const position = 21 + (where % (batch.length - 21))
      batch.writeUInt8(batch.readUInt8(position) ^ (1 << bit), position)
      assert.equal(hasValidCrc(batch, 0, batch.length), false)
    })
  )
})

test('a batch gets its place and the time of its append where it lies', () => {
  const offsets = fc.nat(Number.MAX_SAFE_INTEGER)
  fc.assert(
    fc.property(records, offsets, fc.nat(2 ** 31 - 1), offsets, (content, baseOffset, leaderEpoch, timestampMs) => {
      const batch = buildBatch({ records: content })
      const log = Buffer.concat([Buffer.alloc(7, 0xee), batch, Buffer.alloc(7, 0xee)])
      patchPlace(log, 7, baseOffset, leaderEpoch)
      patchMaxTimestamp(log.subarray(7, 7 + batch.length), 'LogAppendTime', timestampMs)
      assert.ok(hasValidCrc(log, 7, batch.length))
      const placed = log.subarray(7, 7 + batch.length)
      assert.deepEqual(readBatchHeader(log, 7), {
        ...readBatchHeader(batch),
        baseOffset,
        partitionLeaderEpoch: leaderEpoch,
        maxTimestamp: timestampMs,
        attributes: 8,
        crc: placed.readUInt32BE(17)
      })
      for (const { timestamp } of readRecords(placed)) assert.equal(timestamp, timestampMs)
      assert.deepEqual([log[6], log[7 + batch.length]], [0xee, 0xee])
    })
  )
})

test('records that do not fit their batch are refused, and never read past their end', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(255), (content, where, value) => {
      const batch = buildBatch({ records: content })
      batch.writeUInt8(value, 57 + (where % (batch.length - 57)))
      try {
        for (const { key, value: read } of readRecords(batch))
          assert.ok((key?.length ?? 0) + (read?.length ?? 0) < batch.length)
      } catch (error) {
        assert.ok(error instanceof InvalidRecordsError, String(error))
      }
    })
  )
})

test('more bytes than records, fewer records than said, and bytes that are not packed as said are refused', () => {
  const altered = (change: (batch: Buffer) => void, batch = buildBatch({ records: [simple, simple] })): Buffer => {
    change(batch)
    return batch
  }
  const cases = [
    altered((batch) => batch.writeInt32BE(1, 57)),
    altered((batch) => batch.writeInt32BE(3, 57)),
    altered((batch) => batch.writeInt16BE(Compression.gzip, 21)),
    altered((batch) => batch.writeInt16BE(7, 21)),
    altered((batch) => batch.writeUInt8(126, 61))
  ]
  for (const batch of cases) assert.throws(() => [...readRecords(batch)], InvalidRecordsError)
})

test('a time leads to the first record that is not older, from an offset on', () => {
  fc.assert(
    fc.property(records, compression, fc.nat(2 ** 45), fc.nat(50), (content, codec, timestampMs, startOffset) => {
      const batch = buildBatch({ baseOffset: 10, compression: codec, records: content })
      const all = [...readRecords(batch)]
      const expected = all.find(({ offset, timestamp }) => timestamp >= timestampMs && offset >= startOffset)
      assert.deepEqual(
        findOffsetForTimestamp(batch, timestampMs, startOffset),
        expected ? { offset: expected.offset, timestamp: expected.timestamp } : null
      )
    })
  )
})

test('a batch with holes, as compaction leaves it, keeps the offsets of its records', () => {
  const offsets = [40, 43, 44, 60]
  const batch = buildBatch({ baseOffset: 40, records: offsets.map((offset) => ({ ...simple, offset })) })
  assert.deepEqual(
    [...readRecords(batch)].map(({ offset }) => offset),
    offsets
  )
  assert.equal(readBatchHeader(batch).lastOffsetDelta, 20)
})
