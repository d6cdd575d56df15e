/**
 * What was promised to clients, and whether the log keeps it: every record that a client wrote is there once, those of a partition
 * in the order they were written, each where it was acknowledged, and where it was read.
 */
export interface Stored {
  readonly partition: number
  readonly offset: number
  /** The client writes 0, 1, 2, …, and chooses the partition. */
  readonly number: number
}

export type Acknowledged = Stored

const FAULTS_SHOWN = 20

/** The faults of a log, in words; none when every promise was kept. `written`: how many records the client wrote. */
export function findFaults(
  stored: readonly Stored[],
  acknowledged: readonly Acknowledged[],
  written: number
): string[] {
  const faults = [...sequenceFaults(stored), ...lostOrDoubled(stored, written), ...misplaced(stored, acknowledged)]
  return faults.slice(0, FAULTS_SHOWN)
}

/** What a consumer saw and the log does not say: it was read before it was safe. */
export function findMisreads(stored: readonly Stored[], read: readonly Stored[]): string[] {
  const numberAt = placesOf(stored)
  return read
    .filter(({ partition, offset, number }) => numberAt.get(`${partition}@${offset}`) !== number)
    .map(
      ({ partition, offset, number }) =>
        `${number} was read at ${partition}@${offset}, where ${numberAt.get(`${partition}@${offset}`)} is`
    )
    .slice(0, FAULTS_SHOWN)
}

function sequenceFaults(stored: readonly Stored[]): string[] {
  const faults: string[] = []
  const last = new Map<number, { readonly offset: number; readonly number: number }>()
  for (const { partition, offset, number } of stored) {
    const before = last.get(partition) ?? { offset: -1, number: -1 }
    if (offset !== before.offset + 1)
      faults.push(`partition ${partition}: offset ${offset} where ${before.offset + 1} should be`)
    if (number <= before.number)
      faults.push(`partition ${partition}: ${number} is doubled or out of order at offset ${offset}`)
    last.set(partition, { offset, number })
  }
  return faults
}

function lostOrDoubled(stored: readonly Stored[], written: number): string[] {
  const times = new Map<number, number>()
  for (const { number } of stored) times.set(number, (times.get(number) ?? 0) + 1)
  const faults: string[] = []
  for (let number = 0; number < written; number += 1) if (!times.has(number)) faults.push(`${number} is lost`)
  for (const [number, count] of times) {
    if (count > 1) faults.push(`${number} is there ${count} times`)
    if (number >= written) faults.push(`${number} is there, and nobody wrote it`)
  }
  return faults
}

function misplaced(stored: readonly Stored[], acknowledged: readonly Acknowledged[]): string[] {
  const numberAt = placesOf(stored)
  return acknowledged.flatMap(({ partition, offset, number }) => {
    const found = numberAt.get(`${partition}@${offset}`)
    // A producer that learns from a duplicate's answer that its record is there may not learn where.
    if (offset < 0 || found === number) return []
    return [`record ${number} was acknowledged at ${partition}@${offset}, where ${found} is`]
  })
}

function placesOf(stored: readonly Stored[]): Map<string, number> {
  return new Map(stored.map(({ partition, offset, number }) => [`${partition}@${offset}`, number]))
}
