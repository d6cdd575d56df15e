/**
 * Copies of a compacted log. Each broker compacts its own, and one may be cleaner than another, so that they need not be alike; but the
 * last record of each key is the same in all of them, unless it is a tombstone, which may be gone.
 */
import type { Replica } from '../../../src/broker/replication/replica.ts'
import { isControl, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'

/** Given the bytes of both from the same offset on; null when they agree. */
export function disagreement(one: Buffer, other: Buffer): string | null {
  const [lastOfOne, lastOfOther] = [lastOfEach(one), lastOfEach(other)]
  for (const key of new Set([...lastOfOne.keys(), ...lastOfOther.keys()])) {
    const [here, there] = [lastOfOne.get(key), lastOfOther.get(key)]
    if (here !== there) return `has ${there ?? 'nothing'} of key ${key} at another, and here ${here ?? 'nothing'}`
  }
  return null
}

export function isCompacted({ log }: Replica): boolean {
  return log.config.cleanupCompact
}

/** The offset and value of the last record of each key that has a value then, with texts for bytes. */
function lastOfEach(batches: Buffer): ReadonlyMap<string, string> {
  const last = new Map<string, string>()
  for (let position = 0; position < batches.length; ) {
    const { sizeBytes, attributes } = readBatchHeader(batches, position)
    const batch = batches.subarray(position, position + sizeBytes)
    if (!isControl(attributes)) {
      for (const { offset, key, value } of readRecords(batch)) {
        const name = key?.toString('latin1') ?? ''
        if (value === null) last.delete(name)
        else last.set(name, `${value.toString('latin1')} at ${offset}`)
      }
    }
    position += sizeBytes
  }
  return last
}
