import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, crc32cTable } from '../../../src/protocol/records/crc32c.ts'
import * as fc from '../../harness/properties.ts'

/** The examples of RFC 3720, appendix B.4, and the usual check value. */
const known: readonly [bytes: Buffer, checksum: number][] = [
  [Buffer.from('123456789'), 0xe3069283],
  [Buffer.alloc(0), 0],
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c]
]

test('the checksum is CRC-32C', () => {
  for (const [bytes, checksum] of known) {
    assert.equal(crc32c(bytes), checksum)
    assert.equal(crc32cTable(bytes), checksum)
  }
})

test('native code and the table give the same, whatever part of the bytes they are asked for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(2000), fc.nat(2000), (bytes, one, other) => {
      const [start, end] = [Math.min(one, other, bytes.length), Math.min(Math.max(one, other), bytes.length)]
      assert.equal(crc32c(bytes, start, end), crc32cTable(bytes.slice(start, end)))
    })
  )
})
