/** Targets with a fault that was planted: a fuzzer that passes them by would pass by real ones too. */
import { Compression, CompressionError, decompress } from '../../src/protocol/records/compression/codec.ts'
import type { Target } from './target.ts'

const share = 1
const firstByte = 0x29

/** Behind the copies of a snappy block, of which the seed has none: whoever does not follow the code does not come there. */
const fault: Target = {
  name: 'canary-fault',
  share,
  seeds: () => [Buffer.from([0])],
  async reset() {},
  run(input) {
    try {
      decompress(Compression.snappy, input, 1000)
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error
      if (error.message.endsWith('a copy points before the beginning')) throw new Error('planted')
    }
  }
}

const hang: Target = {
  name: 'canary-hang',
  share,
  seeds: () => [Buffer.from('a seed')],
  async reset() {},
  run(input) {
    while (input[0] === firstByte) input[0] = firstByte
  }
}

const held: Buffer[] = []
const growth: Target = {
  name: 'canary-growth',
  share,
  seeds: () => [Buffer.alloc(1000)],
  async reset() {},
  run(input) {
    held.push(Buffer.alloc(50_000, input))
  }
}

/** Needs two inputs, in their order: what goes wrong may have begun before. */
let isArmed = false
const sequence: Target = {
  name: 'canary-sequence',
  share,
  seeds: () => [Buffer.from([firstByte + 1, 0])],
  async reset() {
    isArmed = false
  },
  run(input) {
    if (isArmed && input[0] === firstByte + 2) throw new Error('planted')
    if (input[0] === firstByte) isArmed = true
  }
}

export const canaries: readonly Target[] = [fault, hang, growth, sequence]
