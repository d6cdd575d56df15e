/** The lines of the load programs that are written for this test: `acked PARTITION OFFSET NUMBER` and the like. */
import type { LineProcess } from '../../harness/child-process.ts'
import type { LoadEvent } from './load.ts'

export function ownEventsOf(line: string): LoadEvent[] {
  const [word, ...rest] = line.split(' ')
  const [first = -1, offset = -1, number = -1] = rest.map(Number)
  switch (word) {
    case 'acked':
      return [{ kind: 'acknowledged', partition: first, offset, number }]
    case 'read':
      return [{ kind: 'read', partition: first, offset, number }]
    case 'committed':
      return [{ kind: 'committed', partition: first, offset }]
    case 'written':
      return [{ kind: 'written', count: first }]
    case 'failed':
      return [{ kind: 'failed', what: rest.join(' ') }]
    default:
      return []
  }
}

/** They stop at a word, and tell at the end what they wrote. */
export function endByWord(process: LineProcess): void {
  process.send('stop')
}
