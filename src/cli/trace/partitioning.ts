/**
 * Why a message lies in its partition: Java's partitioner takes murmur2 of the key, librdkafka's default the CRC-32; whoever
 * names a partition or has no key uses neither. Only Kafka's own rule is certain: which client wrote it, no log says.
 */
import { crc32 } from 'node:zlib'
import { murmur2, partitionOfKey } from '../produce/murmur2.ts'

export interface Partitioning {
  /** How many partitions the topic has now. */
  readonly partitions: number
  /** As Java computes it, a signed number. Null: no key. */
  readonly murmur2: number | null
  /** Where the hash sends this key today. */
  readonly hashedPartition: number | null
  readonly explanation:
    | 'the hash of the key'
    /** The CRC-32 of the key gives it, as librdkafka's default partitioner has it. */
    | 'the CRC-32 of the key'
    | 'the only partition'
    | 'no key'
    | 'not the hash of the key'
  /** Smaller numbers of partitions under which the hash gives this partition: the topic may have been enlarged. */
  readonly fittingCounts: readonly number[]
}

export function explainPartition(key: Buffer | null, partition: number, partitions: number): Partitioning {
  if (key === null) {
    const explanation = partitions === 1 ? 'the only partition' : 'no key'
    return { partitions, murmur2: null, hashedPartition: null, explanation, fittingCounts: [] }
  }
  const hashedPartition = partitionOfKey(key, partitions)
  const found = { partitions, murmur2: murmur2(key), hashedPartition }
  if (partitions === 1) return { ...found, explanation: 'the only partition', fittingCounts: [] }
  if (hashedPartition === partition) return { ...found, explanation: 'the hash of the key', fittingCounts: [] }
  return {
    ...found,
    explanation: isCrc32(key, partition, partitions) ? 'the CRC-32 of the key' : 'not the hash of the key',
    fittingCounts: smallerCounts(partition, partitions).filter((count) => partitionOfKey(key, count) === partition)
  }
}

/** The partition that librdkafka's default partitioner gives; it leaves an empty key to chance. */
export function crc32Partition(key: Buffer, partitions: number): number | undefined {
  return key.length === 0 ? undefined : crc32(key) % partitions
}

function isCrc32(key: Buffer, partition: number, partitions: number): boolean {
  return crc32Partition(key, partitions) === partition
}

/** Counts under which this partition exists, below today's. */
function smallerCounts(partition: number, partitions: number): number[] {
  return Array.from({ length: partitions - 1 - partition }, (_, index) => partition + 1 + index)
}
