/**
 * Kafka's hash of a key, bit for bit that of Java's client (Utils.murmur2), so that the same key lands in the same
 * partition whichever client sent it.
 */
const multiplier = 0x5bd1e995
const seed = 0x9747b28c

export function murmur2(bytes: Buffer): number {
  const length = bytes.length
  let hash = seed ^ length
  const words = length >> 2
  for (let word = 0; word < words; word++) {
    let mixed = Math.imul(bytes.readInt32LE(word * 4), multiplier)
    mixed = Math.imul(mixed ^ (mixed >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ mixed
  }
  const rest = words * 4
  const left = length - rest
  if (left >= 3) hash ^= (bytes[rest + 2] ?? 0) << 16
  if (left >= 2) hash ^= (bytes[rest + 1] ?? 0) << 8
  if (left >= 1) hash = Math.imul(hash ^ (bytes[rest] ?? 0), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition Java's default partitioner gives a record with this key. */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
