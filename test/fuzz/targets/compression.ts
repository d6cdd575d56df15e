/** Compressed bytes of every kind: refused, or unpacked to no more than was allowed. The first byte of an input is the codec. */
import assert from 'node:assert/strict'
import { Compression, CompressionError, compress, decompress } from '../../../src/protocol/records/compression/codec.ts'
import type { Target } from '../target.ts'

const maxSizeBytes = 256 * 1024
const contents = [
  Buffer.alloc(0),
  Buffer.from('a'),
  Buffer.from('the same again and the same again and the same again'),
  Buffer.alloc(3000, 'lines of text, '),
  Buffer.from(Array.from({ length: 600 }, (_, index) => (index * index * 31) & 0xff)),
  Buffer.alloc(70_000)
]
const kinds = [Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd]

export const compression: Target = {
  name: 'compression',
  share: 0.1,

  seeds: () =>
    kinds.flatMap((kind) => contents.map((bytes) => Buffer.concat([Buffer.from([kind]), compress(kind, bytes)]))),

  async reset() {},

  run(input) {
    if (input.length < 1) return
    const kind = kinds[input.readUInt8(0) % kinds.length] ?? Compression.gzip
    try {
      assert.ok(decompress(kind, input.subarray(1), maxSizeBytes).length <= maxSizeBytes, 'more than was allowed')
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error
    }
  }
}
