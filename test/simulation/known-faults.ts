/**
 * Seeds, of 4,000 steps, that show a fault which is known and not mended yet: they are run and counted, and do not fail a run of many.
 * Who mends one takes its seeds away.
 */
export const knownFaults: ReadonlyMap<number, string> = new Map()
