import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xxh3 } from '../../src/protocol/xxh3.ts'

/** Of so many bytes, each `index * 131 + 7`, by xxHash itself (the Python package xxhash 3.6). */
const known: readonly (readonly [length: number, hash: string])[] = [
  [0, '2d06800538d394c2'],
  [1, '4c5cca45d0f4811f'],
  [2, '29c60963cbfa4e6e'],
  [3, '6e3e2670e61106ac'],
  [4, '5c4c63133443d03f'],
  [7, '46a5c724d51fe43f'],
  [8, 'f9fd4dd0b04d78f5'],
  [9, '7c20df9712c26edf'],
  [12, '16d2dff54dc2ee45'],
  [16, '86abf6baccea0858'],
  [17, 'b58bf5dc5022d071'],
  [31, '48442fcd5518b086'],
  [32, 'e3712ed84c04a66e'],
  [33, 'a4dee99b093e1f73'],
  [64, '1291d2d4042330dd'],
  [65, '97c6bf83217e5ec9'],
  [100, '5da67eac6d4093d5'],
  [127, 'ed4cf62104020db5'],
  [128, '10d17f72c0ccba41'],
  [129, '1648bdc3db49d1a2'],
  [150, 'd242670297034f04'],
  [200, 'c0fbc0f4e181c826'],
  [239, 'f0d154819adb16cd'],
  [240, 'b6cfaf343fab81e6'],
  [241, '956cae592c67279e'],
  [256, 'b15e550733c5dfac'],
  [300, 'a4e69646ccce75ce'],
  [512, 'a0e9790eb93990d7'],
  [1023, 'a94ffcd2254368e4'],
  [1024, '70bd377d9574f4bb'],
  [1025, '66c4487c41e127a7'],
  [1088, 'f43dc77e28a9acbc'],
  [2000, 'f7d78023f8a2c2b7'],
  [5000, 'e4007929540f095c'],
  [70000, 'b851fcc28c3570c0']
]

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 131 + 7) & 255))
}

test('a hash is the one of xxHash, whatever the length', () => {
  for (const [length, hash] of known) {
    assert.equal(
      BigInt.asUintN(64, xxh3(bytes(length)))
        .toString(16)
        .padStart(16, '0'),
      hash,
      `${length} bytes`
    )
  }
})

test('a hash is a signed number, as records have it', () => {
  for (const [length] of known) assert.equal(BigInt.asIntN(64, xxh3(bytes(length))), xxh3(bytes(length)))
})
