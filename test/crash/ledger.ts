/**
 * What was promised to clients, and whether the log keeps it: every acknowledged record is at its offset, every written one is
 * there once, in order; a commit that was confirmed is never older than confirmed.
 */
export interface Acknowledged {
  readonly partition: number
  readonly offset: number
  readonly number: number
}

/** What one partition holds, in the order it was read. */
export interface Stored {
  readonly partition: number
  readonly offset: number
  readonly number: number
}

const FAULTS_SHOWN = 20

/** The faults of a log, in words; none when every promise was kept. Record n belongs to partition n modulo `partitions`. */
export function findFaults(
  stored: readonly Stored[],
  acknowledged: readonly Acknowledged[],
  written: number,
  partitions: number
): string[] {
  const faults: string[] = []
  for (let partition = 0; partition < partitions; partition += 1) {
    const own = stored.filter((record) => record.partition === partition)
    faults.push(...sequenceFaults(own, partition, written, partitions))
  }
  const numberAt = new Map(stored.map((record) => [`${record.partition}@${record.offset}`, record.number]))
  for (const { partition, offset, number } of acknowledged) {
    // A producer that learns from a duplicate's answer that its record is there may not learn where.
    if (offset < 0) continue
    const found = numberAt.get(`${partition}@${offset}`)
    if (found !== number) faults.push(`record ${number} was acknowledged at ${partition}@${offset}, where ${found} is`)
  }
  return faults.slice(0, FAULTS_SHOWN)
}

function sequenceFaults(own: readonly Stored[], partition: number, written: number, partitions: number): string[] {
  const faults: string[] = []
  let expected = partition
  for (const [index, { offset, number }] of own.entries()) {
    if (offset !== index) faults.push(`partition ${partition}: offset ${offset} where ${index} should be`)
    if (number < expected)
      faults.push(`partition ${partition}: ${number} is doubled or out of order at offset ${offset}`)
    if (number > expected) faults.push(`partition ${partition}: ${expected} is lost before offset ${offset}`)
    expected = Math.max(expected, number + partitions)
    if (faults.length > FAULTS_SHOWN) return faults
  }
  if (expected < written) faults.push(`partition ${partition}: ${expected} and what follows is lost at the end`)
  return faults
}
