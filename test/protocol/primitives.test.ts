import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncodeError, ProtocolError, Reader, varintLength, Writer, ZERO_UUID } from '../../src/protocol/primitives.ts'
import * as fc from '../harness/properties.ts'

function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  write(writer)
  return writer.toBuffer()
}

function hex(text: string): Reader {
  return new Reader(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

test('an int64 is the same number that BigInt gives', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = written((writer) => writer.writeInt64(value))
      assert.equal(bytes.readBigInt64BE(), BigInt(value))
      assert.equal(new Reader(bytes).readInt64(), value)
    })
  )
})

test('an int64 beyond the safe integers is refused, except where the wide form is asked for', () => {
  const longest = '7fffffffffffffff'
  assert.throws(() => hex(longest).readInt64(), ProtocolError)
  assert.throws(() => hex('0020000000000000').readInt64(), ProtocolError)
  assert.throws(() => hex('ffe0000000000000').readInt64(), ProtocolError)
  assert.equal(hex(longest).readInt64Wide(), 2 ** 63)
  assert.equal(written((writer) => writer.writeInt64Wide(2 ** 63)).toString('hex'), longest)
  assert.equal(written((writer) => writer.writeInt64Wide(-(2 ** 63))).toString('hex'), '8000000000000000')
  assert.throws(() => written((writer) => writer.writeInt64(2 ** 53)), EncodeError)
  assert.throws(() => written((writer) => writer.writeInt64(0.5)), EncodeError)
})

test('a text for people that is too long for a string keeps both its ends, and a string that is too long is refused', () => {
  const message = `the topic ${'x'.repeat(40_000)} is odd`
  for (const read of [
    new Reader(written((writer) => writer.writeNullableProse(message))).readNullableString(),
    new Reader(written((writer) => writer.writeCompactNullableProse(message))).readCompactNullableString()
  ]) {
    assert.match(read ?? '', /^the topic x{490} … x{493} is odd$/)
  }
  assert.throws(() => written((writer) => writer.writeNullableString(message)), EncodeError)
  const fits = 'x'.repeat(32_767)
  assert.equal(new Reader(written((writer) => writer.writeNullableProse(fits))).readNullableString(), fits)
  assert.equal(new Reader(written((writer) => writer.writeNullableProse(null))).readNullableString(), null)
})

test('a string that would be too long to be told again, because it is not UTF-8, is refused', () => {
  const told = (length: number): string | null =>
    new Reader(Buffer.concat([Buffer.of(length >> 8, length & 0xff), Buffer.alloc(length, 0xff)])).readString()
  assert.equal(told(10_922), '\ufffd'.repeat(10_922))
  assert.throws(() => told(10_923), /a string of 10923 bytes is not UTF-8/)
})

test('varints and varlongs come back', () => {
  const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 63, 64, -64, -65, 0x7fff_ffff, -0x8000_0000))
  fc.assert(
    fc.property(int32, fc.maxSafeInteger(), (small, large) => {
      const bytes = written((writer) => {
        writer.writeVarint(small)
        writer.writeVarlong(large)
        writer.writeVarlong(small)
        writer.writeUnsignedVarint(small >>> 0)
      })
      const reader = new Reader(bytes)
      assert.deepEqual([reader.readVarint(), reader.readVarlong(), reader.readVarlong()], [small, large, small])
      assert.equal(reader.readUnsignedVarint(), small >>> 0)
      assert.equal(reader.remaining, 0)
      assert.equal(written((writer) => writer.writeUnsignedVarint(small >>> 0)).length, varintLength(small >>> 0))
    })
  )
})

test('a varint that does not end is refused', () => {
  assert.throws(() => hex('ff ff ff ff ff 01').readUnsignedVarint(), ProtocolError)
  assert.throws(() => hex('ff ff ff ff ff ff ff ff ff ff 01').readVarlong(), ProtocolError)
  assert.throws(() => hex('ff').readUnsignedVarint(), ProtocolError)
})

test('varlongs are those of Kafka', () => {
  assert.equal(written((writer) => writer.writeVarlong(-1)).toString('hex'), '01')
  assert.equal(written((writer) => writer.writeVarlong(300)).toString('hex'), 'd804')
  assert.equal(written((writer) => writer.writeVarlong(2 ** 40)).toString('hex'), '808080808040')
})

test('a UUID is Kafka’s text of it', () => {
  assert.equal(hex('00'.repeat(16)).readUuid(), ZERO_UUID)
  assert.equal(written((writer) => writer.writeUuid(ZERO_UUID)).toString('hex'), '00'.repeat(16))
  const text = hex('00000000 00000000 00000000 00000001').readUuid()
  assert.equal(text, 'AAAAAAAAAAAAAAAAAAAAAQ')
  assert.equal(written((writer) => writer.writeUuid(text)).toString('hex'), `${'00'.repeat(15)}01`)
  for (const wrong of ['', 'short', '!'.repeat(22), 'A'.repeat(23)]) {
    assert.throws(() => written((writer) => writer.writeUuid(wrong)), EncodeError)
  }
})

test('strings longer than a short are refused both ways', () => {
  assert.throws(() => written((writer) => writer.writeCompactString('x'.repeat(0x8000))), EncodeError)
  const bytes = Buffer.concat([Buffer.from('818002', 'hex'), Buffer.alloc(0x8000)])
  assert.throws(() => new Reader(bytes).readCompactString(), ProtocolError)
  const longest = 'x'.repeat(0x7fff)
  assert.equal(new Reader(written((writer) => writer.writeCompactString(longest))).readCompactString(), longest)
})

test('null where it is not allowed is refused', () => {
  assert.throws(() => hex('ffff').readString(), ProtocolError)
  assert.throws(() => hex('00').readCompactString(), ProtocolError)
  assert.throws(() => hex('ffffffff').readBytes(), ProtocolError)
  assert.throws(() => hex('00').readCompactBytesSlice(), ProtocolError)
  assert.throws(() => hex('ffffffff').readArrayLength(1, 12), ProtocolError)
  assert.throws(() => hex('00').readCompactArrayLength(1, 12), ProtocolError)
  assert.equal(hex('ffffffff').readNullableArrayLength(1, 12), -1)
  assert.equal(hex('00').readCompactNullableArrayLength(1, 12), -1)
})

test('a count that the bytes cannot hold is refused before anything is made of it', () => {
  assert.throws(() => hex('7fffffff 0000').readArrayLength(1, 12), ProtocolError)
  assert.throws(() => hex('00000002 000000').readArrayLength(2, 12), ProtocolError)
  assert.equal(hex('00000002 00000000').readArrayLength(2, 12), 2)
  assert.throws(() => hex('ffffffff0f').readCompactArrayLength(100, 12), ProtocolError)
  assert.throws(() => hex('7fffffff 00').readBytes(), ProtocolError)
})

test('an error names the message and the place', () => {
  const reader = hex('0000 0001')
  reader.subject = 'FetchRequest'
  reader.readInt16()
  assert.throws(() => reader.readInt32(), /^ProtocolError: FetchRequest, byte 2: needs 4 bytes, 2 are left$/)
})

test('bytes are copied out, slices are not', () => {
  const reader = hex('00000002 0102 00000002 0304')
  const copy = reader.readBytes()
  const slice = reader.readBytesSlice()
  reader.buffer.fill(0)
  assert.deepEqual([...copy, ...slice], [1, 2, 0, 0])
})

test('long bytes pass through as chunks of their own, short ones are copied', () => {
  const long = Buffer.alloc(5000, 1)
  const short = Buffer.alloc(10, 2)
  const writer = Writer.frame()
  writer.writeBytes(long)
  writer.writeBytes(short)
  writer.writeRecords({ chunks: [long, short], sizeBytes: long.length + short.length })
  const chunks = writer.finish()
  assert.equal(chunks.filter((chunk) => chunk === long).length, 2)
  const whole = Buffer.concat(chunks)
  assert.equal(whole.readInt32BE(0), whole.length - 4)
  assert.equal(writer.sizeBytes, whole.length)
  const reader = new Reader(whole, 4)
  assert.deepEqual(reader.readBytes(), long)
  assert.deepEqual(reader.readBytes(), short)
  assert.deepEqual(reader.readBytes(), Buffer.concat([long, short]))
})

test('a tagged field of any length gets its size before it', () => {
  for (const length of [0, 1, 126, 127, 128, 300, 5000, 20_000]) {
    const value = Buffer.alloc(length, 3)
    const bytes = written((writer) => {
      writer.writeInt32(1)
      const mark = writer.openTag(200)
      writer.writeRaw(value)
      writer.closeTag(mark)
      writer.writeInt32(2)
    })
    const reader = new Reader(bytes, 4)
    assert.equal(reader.readUnsignedVarint(), 200)
    assert.deepEqual(reader.slice(reader.readUnsignedVarint()), value)
    assert.equal(reader.readInt32(), 2)
  }
})

test('numbers that do not fit their type are not written', () => {
  assert.throws(() => written((writer) => writer.writeInt8(128)), RangeError)
  assert.throws(() => written((writer) => writer.writeInt16(-0x8001)), RangeError)
  assert.throws(() => written((writer) => writer.writeInt32(2 ** 31)), RangeError)
})
