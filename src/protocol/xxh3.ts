/**
 * XXH3, 64 bits, seed 0 (Yann Collet's xxHash, of which only this variant is needed): Kafka's hash of the topics that a group subscribes
 * to (org.apache.kafka.coordinator.group.Utils, by hash4j). Numbers are bigint: a topic is hashed when it changes, not on a hot path.
 */

const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex'
)
const u64 = (1n << 64n) - 1n
const u32 = 0xffffffffn
const [p32a, p32b, p32c] = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn]
const [p64a, p64b, p64c] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n]
const [p64d, p64e] = [0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n]
const [mixA, mixB] = [0x165667919e3779f9n, 0x9fb21c651e98df25n]

const stripeBytes = 64
const secretStepBytes = 8
const lanes = 8
const stripesOfBlock = (secret.length - stripeBytes) / secretStepBytes

/** As a signed number, as the records of `__consumer_offsets` have it. */
export function xxh3(bytes: Buffer): bigint {
  return BigInt.asIntN(64, hashOf(bytes))
}

function hashOf(bytes: Buffer): bigint {
  const { length } = bytes
  if (length === 0) return avalanche64(secret.readBigUInt64LE(56) ^ secret.readBigUInt64LE(64))
  if (length <= 3) return upTo3(bytes)
  if (length <= 8) return upTo8(bytes)
  if (length <= 16) return upTo16(bytes)
  if (length <= 128) return upTo128(bytes)
  return length <= 240 ? upTo240(bytes) : long(bytes)
}

function upTo3(bytes: Buffer): bigint {
  const { length } = bytes
  const [first, middle, last] = [bytes[0] ?? 0, bytes[length >> 1] ?? 0, bytes[length - 1] ?? 0]
  const combined = BigInt(((first << 16) | (middle << 24) | last | (length << 8)) >>> 0)
  return avalanche64(combined ^ BigInt((secret.readUInt32LE(0) ^ secret.readUInt32LE(4)) >>> 0))
}

function upTo8(bytes: Buffer): bigint {
  const { length } = bytes
  const head = BigInt(bytes.readUInt32LE(0))
  const tail = BigInt(bytes.readUInt32LE(length - 4))
  let hash = (tail + (head << 32n)) ^ secret.readBigUInt64LE(8) ^ secret.readBigUInt64LE(16)
  hash ^= rotate(hash, 49n) ^ rotate(hash, 24n)
  hash = (hash * mixB) & u64
  hash ^= (hash >> 35n) + BigInt(length)
  hash = (hash * mixB) & u64
  return hash ^ (hash >> 28n)
}

function upTo16(bytes: Buffer): bigint {
  const { length } = bytes
  const low = bytes.readBigUInt64LE(0) ^ secret.readBigUInt64LE(24) ^ secret.readBigUInt64LE(32)
  const high = bytes.readBigUInt64LE(length - 8) ^ secret.readBigUInt64LE(40) ^ secret.readBigUInt64LE(48)
  return avalanche((BigInt(length) + swapped(low) + high + multiplied(low, high)) & u64)
}

function upTo128(bytes: Buffer): bigint {
  const { length } = bytes
  let sum = BigInt(length) * p64a
  for (let pair = (length - 1) >> 5; pair >= 0; pair--) {
    sum += mixed(bytes, 16 * pair, 32 * pair)
    sum += mixed(bytes, length - 16 * (pair + 1), 32 * pair + 16)
  }
  return avalanche(sum & u64)
}

function upTo240(bytes: Buffer): bigint {
  const { length } = bytes
  let sum = BigInt(length) * p64a
  for (let index = 0; index < 8; index++) sum += mixed(bytes, 16 * index, 16 * index)
  sum = avalanche(sum & u64)
  for (let index = 8; index < length >> 4; index++) sum += mixed(bytes, 16 * index, 16 * (index - 8) + 3)
  return avalanche((sum + mixed(bytes, length - 16, 136 - 17)) & u64)
}

function long(bytes: Buffer): bigint {
  const sums = [p32c, p64a, p64b, p64c, p64d, p32b, p64e, p32a]
  const { length } = bytes
  const stripes = Math.floor((length - 1) / stripeBytes)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % stripesOfBlock
    accumulate(sums, bytes, stripe * stripeBytes, inBlock * secretStepBytes)
    if (inBlock === stripesOfBlock - 1) scramble(sums)
  }
  accumulate(sums, bytes, length - stripeBytes, secret.length - stripeBytes - 7)
  let hash = (BigInt(length) * p64a) & u64
  for (let lane = 0; lane < lanes; lane += 2) {
    const keys = [secret.readBigUInt64LE(11 + 8 * lane), secret.readBigUInt64LE(19 + 8 * lane)] as const
    hash += multiplied((sums[lane] ?? 0n) ^ keys[0], (sums[lane + 1] ?? 0n) ^ keys[1])
  }
  return avalanche(hash & u64)
}

function accumulate(sums: bigint[], bytes: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < lanes; lane++) {
    const value = bytes.readBigUInt64LE(at + 8 * lane)
    const key = value ^ secret.readBigUInt64LE(secretAt + 8 * lane)
    sums[lane ^ 1] = ((sums[lane ^ 1] ?? 0n) + value) & u64
    sums[lane] = ((sums[lane] ?? 0n) + (key & u32) * (key >> 32n)) & u64
  }
}

function scramble(sums: bigint[]): void {
  for (const [lane, sum] of sums.entries()) {
    const key = secret.readBigUInt64LE(secret.length - stripeBytes + 8 * lane)
    sums[lane] = ((sum ^ (sum >> 47n) ^ key) * p32a) & u64
  }
}

function mixed(bytes: Buffer, at: number, secretAt: number): bigint {
  const low = bytes.readBigUInt64LE(at) ^ secret.readBigUInt64LE(secretAt)
  const high = bytes.readBigUInt64LE(at + 8) ^ secret.readBigUInt64LE(secretAt + 8)
  return multiplied(low, high)
}

/** The two halves of the product of 128 bits, folded. */
function multiplied(one: bigint, other: bigint): bigint {
  const product = one * other
  return (product & u64) ^ (product >> 64n)
}

function avalanche(hash: bigint): bigint {
  const mixedOnce = ((hash ^ (hash >> 37n)) * mixA) & u64
  return mixedOnce ^ (mixedOnce >> 32n)
}

function avalanche64(hash: bigint): bigint {
  let mixing = ((hash ^ (hash >> 33n)) * p64b) & u64
  mixing = ((mixing ^ (mixing >> 29n)) * p64c) & u64
  return mixing ^ (mixing >> 32n)
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & u64
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes.readBigUInt64BE()
}
