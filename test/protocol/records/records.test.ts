import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasValidCrc, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { buildBatch, recompress } from '../../../src/protocol/records/builder.ts'
import { Compression, compress, decompress } from '../../../src/protocol/records/compression/codec.ts'
import { storedFrame, streamed } from '../../../src/protocol/records/compression/zstd.ts'
import { endTransactionMarker, readTransactionEnd } from '../../../src/protocol/records/control-records.ts'
import { crc32c, crc32cTable } from '../../../src/protocol/records/crc32c.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'

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
const unlimited = 1 << 28

test('the checksum is CRC-32C, native and in the table alike', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(50), (array, start) => {
      const from = Math.min(start, array.length)
      assert.equal(crc32c(array, from), crc32cTable(array, from))
    })
  )
})

test('every codec gives back what it was given', () => {
  const shapes = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }).map((array) => Buffer.from(array)),
    fc.tuple(fc.string({ maxLength: 40 }), fc.nat(9000)).map(([text, times]) => Buffer.from(text.repeat(times)))
  )
  fc.assert(
    fc.property(shapes, compression, (content, codec) => {
      assert.deepEqual(decompress(codec, compress(codec, content), unlimited), content)
    }),
    { numRuns: 200 }
  )
})

test('a zstd frame of stored blocks is read back by the reader in JavaScript', () => {
  for (const size of [0, 1, 131_071, 131_072, 131_073, 400_000]) {
    const content = Buffer.alloc(size, 'odradek ')
    assert.deepEqual(streamed(storedFrame(content), unlimited), content)
  }
})

test('compressed bytes that would grow past the limit are refused, and so is garbage', () => {
  const bomb = Buffer.alloc(3_000_000)
  for (const codec of [Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd]) {
    assert.throws(() => decompress(codec, compress(codec, bomb), 100_000), { name: 'CompressionError' })
    assert.throws(() => decompress(codec, Buffer.from('neither this nor that, but long enough'), 1000), {
      name: 'CompressionError'
    })
  }
})

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

test('another compression changes no record', () => {
  fc.assert(
    fc.property(records, compression, compression, (content, from, to) => {
      const batch = buildBatch({
        compression: from,
        records: content,
        producerId: 7,
        producerEpoch: 1,
        baseSequence: 3
      })
      const packed = recompress(batch, to)
      assert.deepEqual([...readRecords(packed)], [...readRecords(batch)])
      assert.deepEqual(
        { ...readBatchHeader(packed), crc: 0, attributes: 0, sizeBytes: 0 },
        { ...readBatchHeader(batch), crc: 0, attributes: 0, sizeBytes: 0 }
      )
    })
  )
})

test('any flipped bit after the CRC is noticed', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(7), (content, where, bit) => {
      const batch = buildBatch({ records: content })
      const position = 21 + (where % (batch.length - 21))
      batch.writeUInt8(batch.readUInt8(position) ^ (1 << bit), position)
      assert.equal(hasValidCrc(batch, 0, batch.length), false)
    })
  )
})

test('records that do not fit their batch are refused', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(255), (content, where, value) => {
      const batch = buildBatch({ records: content })
      batch.writeUInt8(value, 57 + (where % (batch.length - 57)))
      try {
        for (const read of readRecords(batch)) assert.ok(read)
      } catch (error) {
        assert.ok(error instanceof Error && error.name === 'ProtocolError', String(error))
      }
    })
  )
})

test('the marker of a transaction says how it ended', () => {
  const marker = { producerId: 9, producerEpoch: 2, coordinatorEpoch: 5, timestampMs: 77 }
  for (const outcome of ['commit', 'abort'] as const) {
    assert.deepEqual(readTransactionEnd(endTransactionMarker({ ...marker, outcome })), { outcome, coordinatorEpoch: 5 })
  }
})
