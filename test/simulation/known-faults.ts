/**
 * Seeds, of 4,000 steps, that show a fault which is known and not mended yet: they are run and counted, and do not fail a run of many.
 * Who mends one takes its seeds away.
 */
export const knownFaults: ReadonlyMap<number, string> = new Map([
  [897, 'two minutes without faults were not enough: orders-0 (leader 1, replicas 3,1,2) has 266 records, and'],
  [1175, 'orders-0: a/1 is there twice, at 12 and 111'],
  [1286, 'two minutes without faults were not enough: idempotent-all ends its work'],
  [1672, 'notifications-0: a, producer id 1202401062001 is refused 17: out of order'],
  [1781, 'orders-0: a, producer id 48033255000 is refused 110: out of order'],
  [1915, 'orders-0: it begins at 4; nobody asked for more than 0']
])
