/**
 * Seeds, of 4,000 steps, that show a fault which is known and not mended yet: they are run and counted, and do not fail a run of many.
 * Who mends one takes its seeds away.
 */
export const knownFaults: ReadonlyMap<number, string> = new Map([
  // For want of a file handle a start cannot make safe what a crash left, and serves the log with the end of its last checkpoint meanwhile.
  [1541, 'orders-0 (o1R_EgzLRXGay2WQxDqosQ): it ends at 125; a reader had read up to 135'],
  [1714, 'orders-1 (jzajuOlGSVaZh8l61xjt7g): it ends at 38; a reader had read up to 62']
])
