/** The codecs: what goes in comes out, and bytes from outside neither hang, nor grow past the limit, nor pass for good. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compression, CompressionError, compress, decompress } from '../../../src/protocol/records/compression/codec.ts'
import { readZstd } from '../../../src/protocol/records/compression/zstd-reader.ts'
import { writeZstd } from '../../../src/protocol/records/compression/zstd-writer.ts'
import * as fc from '../../harness/properties.ts'

interface Tested {
  readonly compress: (bytes: Buffer) => Buffer
  readonly decompress: (bytes: Buffer, maxSizeBytes: number) => Buffer
}

const unlimited = 1 << 28
const codec = (compression: Compression): Tested => ({
  compress: (bytes) => compress(compression, bytes),
  decompress: (bytes, maxSizeBytes) => decompress(compression, bytes, maxSizeBytes)
})
const codecs: Readonly<Record<string, Tested>> = {
  gzip: codec(Compression.gzip),
  snappy: codec(Compression.snappy),
  lz4: codec(Compression.lz4),
  zstd: codec(Compression.zstd),
  'zstd without Node': { compress: writeZstd, decompress: readZstd }
}

/** Noise, words, and runs, mixed: what makes literals, near and far repeats, and long ones. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
  fc.constantFrom('topic', 'partition', 'offset', '{"id":', '"}\n').map((word) => Buffer.from(word)),
  fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, length]) => Buffer.alloc(length, byte)),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(3000))
    .map(([text, times]) => Buffer.from(text.repeat(times)))
)
const content = fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.concat(pieces))
const noise = (sizeBytes: number): Buffer => {
  const bytes = Buffer.alloc(sizeBytes)
  for (let index = 0, state = 1; index < sizeBytes; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

for (const [name, { compress, decompress }] of Object.entries(codecs)) {
  test(`${name} gives back what it was given`, () => {
    fc.assert(
      fc.property(content, (bytes) => {
        assert.ok(decompress(compress(bytes), unlimited).equals(bytes))
      }),
      { numRuns: 150 }
    )
    for (const sizeBytes of [0, 1, 4, 15, 32_768, 65_535, 65_536, 131_071, 131_072, 131_073, 1_200_000]) {
      for (const bytes of [Buffer.alloc(sizeBytes), Buffer.alloc(sizeBytes, 'odradek '), noise(sizeBytes)]) {
        assert.ok(decompress(compress(bytes), Math.max(1, sizeBytes)).equals(bytes), `${sizeBytes} bytes`)
      }
    }
  })

  test(`${name} makes text smaller`, () => {
    const text = Buffer.from(
      Array.from({ length: 500 }, (_, index) => `{"order":${index},"status":"placed"}`).join('\n')
    )
    assert.ok(compress(text).length < text.length / 2)
  })

  test(`${name} refuses to grow past the limit, by a single byte even`, () => {
    for (const bytes of [Buffer.alloc(3_000_000), noise(5000)]) {
      const packed = compress(bytes)
      for (const maxSizeBytes of [0, 1, 4096, bytes.length - 1]) assert.throws(() => decompress(packed, maxSizeBytes))
      assert.ok(decompress(packed, bytes.length).equals(bytes))
    }
  })

  test(`${name} comes to an end within the limit on bytes that were changed, cut or made up`, () => {
    const maxSizeBytes = 20_000
    const endsWithin = (bytes: Buffer): void => {
      try {
        assert.ok(decompress(bytes, maxSizeBytes).length <= maxSizeBytes)
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error))
      }
    }
    fc.assert(
      fc.property(
        content,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(),
        (bytes, changes, cut) => {
          const packed = Buffer.from(compress(bytes))
          for (const [where, value] of changes) packed[where % packed.length] = value
          endsWithin(packed)
          endsWithin(packed.subarray(0, cut % packed.length))
          endsWithin(Buffer.concat([packed.subarray(0, cut % 20), bytes.subarray(0, 500)]))
        }
      ),
      { numRuns: 150 }
    )
  })
}

test('snappy without a frame is read, as librdkafka writes it', () => {
  const framed = compress(Compression.snappy, Buffer.from('odradek '.repeat(20)))
  const block = framed.subarray(20)
  assert.equal(decompress(Compression.snappy, block, 1000).toString(), 'odradek '.repeat(20))
})

test('a snappy literal of nearly 4 GiB in a few bytes is refused at once', () => {
  const endless = Buffer.from([10, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 1, 2, 3, 4])
  assert.throws(() => decompress(Compression.snappy, endless, 1000), CompressionError)
  assert.throws(
    () => decompress(Compression.snappy, Buffer.from([0xff, 0xff, 0xff, 0x7f, 0, 1]), unlimited),
    CompressionError
  )
})

test('a zstd frame of more tiny blocks than its window is worth is refused before it is unpacked', () => {
  const blocks = 600_000
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3])
  const frame = Buffer.concat([header, Buffer.alloc(4 * blocks, Buffer.from([(1 << 3) | 2, 0, 0, 7]))])
  frame.writeUInt8((1 << 3) | 3, frame.length - 4)
  assert.throws(() => readZstd(frame, unlimited), /too many blocks/)
})

test('zstd frames one after the other are one content', () => {
  const frames = Buffer.concat([writeZstd(Buffer.from('one, ')), writeZstd(Buffer.from('two'))])
  assert.equal(readZstd(frames, 100).toString(), 'one, two')
})

test('a higher level packs better, where there are levels', () => {
  const text = Buffer.from(Array.from({ length: 3000 }, (_, index) => `${index * index} placed`).join('\n'))
  assert.ok(compress(Compression.gzip, text, 9).length < compress(Compression.gzip, text, 1).length)
})

test('what is not there to be unpacked, or by nobody known, is told as one kind of error', () => {
  const garbage = Buffer.from('neither this nor that, but long enough')
  for (const compression of [1, 2, 3, 4, 5, 7]) {
    assert.throws(() => decompress(compression, garbage, 1000), CompressionError)
  }
  assert.throws(() => compress(6, garbage), CompressionError)
})

test('a bit that is wrong in the header of an LZ4 frame is noticed', () => {
  const frame = compress(Compression.lz4, Buffer.from('records'))
  for (let bit = 0; bit < 7 * 8; bit++) {
    const flipped = Buffer.from(frame)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    assert.throws(() => decompress(Compression.lz4, flipped, 1000), CompressionError)
  }
})
