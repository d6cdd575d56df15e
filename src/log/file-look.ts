/** Looks for the files of a log's records: somebody may have removed, renamed, replaced or cut them. */
import type { LogHealth } from './log-health.ts'
import type { Segments } from './segments.ts'

/** One at each step. Throws DamageError, once those were told whom it concerns. */
export function* lookForFiles(segments: Segments, health: LogHealth): Iterable<void> {
  for (const segment of [...segments.all]) {
    if (health.hasEnded) return
    health.noticing(() => segment.assertInPlace())
    yield
  }
}
