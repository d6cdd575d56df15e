/** Mistakes in compaction: a key that loses its last record, one that moves, a swap that a power cut takes apart. */
import type { Mutation } from './list.ts'

const compaction = ['test/log/compaction/compaction.test.ts']
const dirt = ['test/log/compaction/dirt.test.ts']
const refusals = ['test/log/compaction/refusals.test.ts']
const cleaner = ['test/broker/log-cleaner.test.ts']

export const compactionMutations: readonly Mutation[] = [
  {
    what: 'a tombstone goes as soon as it is cleaned',
    file: 'src/log/compaction/batch-cleaning.ts',
    text: 'const isPastHorizon = hasHorizon && header.baseTimestamp <= rules.nowMs',
    replacement: 'const isPastHorizon = true',
    tests: compaction
  },
  {
    what: 'what is not committed is compacted',
    file: 'src/log/compaction/dirt.ts',
    text: 'if (index === last || endOf(log, index) > settledOffset ||',
    replacement: 'if (index === last || endOf(log, index) > settledOffset * Infinity ||',
    tests: dirt
  },
  {
    what: 'records are compacted that are too young',
    file: 'src/log/compaction/dirt.ts',
    text: 'maxTimestampMs > nowMs - config.minCompactionLagMs',
    replacement: 'maxTimestampMs > nowMs + config.minCompactionLagMs',
    tests: dirt
  },
  {
    what: 'segments that were compacted go before the new one is synced',
    file: 'src/log/compaction/cleaned-segment.ts',
    text: 'await this.#syncing\n    await this.segment.sync()\n',
    replacement: '',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'keys that begin alike are taken for one',
    file: 'src/log/compaction/offset-map.ts',
    text: 'this.#md5.hash(bytes, start, end)',
    replacement: 'this.#md5.hash(bytes, start, Math.min(end, start + 1))',
    tests: ['test/log/compaction/offset-map.test.ts']
  },
  {
    what: 'keys that there was no room for are told as clean',
    file: 'src/log/compaction/compaction.ts',
    text: 'cleanedUpTo: keys.newestOffset + 1 }',
    replacement: 'cleanedUpTo: dirt.endOffset }',
    tests: compaction
  },
  {
    what: 'segments that were compacted go before the name of the new one is safe',
    file: 'src/log/segment-swap.ts',
    text: 'cleaned.rename(swapSuffix)\n      await disk.syncDirectory(directory)',
    replacement: 'cleaned.rename(swapSuffix)',
    tests: refusals
  },
  {
    what: 'a compacted segment gets its name before those that it replaces are gone',
    file: 'src/log/segment-swap.ts',
    text: 'await disk.syncDirectory(directory)\n    this.#log.assertOpen()\n',
    replacement: '',
    tests: refusals
  },
  {
    what: 'the last batch of a producer goes with its records',
    file: 'src/log/compaction/batch-cleaning.ts',
    text: 'const stays = isLast || isLastOfProducer(header, rules.producers)',
    replacement: 'const stays = isLast',
    tests: compaction
  },
  {
    what: 'a tombstone that is cleaned gets no horizon, and never goes',
    file: 'src/log/compaction/batch-cleaning.ts',
    text: 'if (recordsKept === header.recordCount && !needsHorizon) return',
    replacement: 'if (recordsKept === header.recordCount) return',
    tests: cleaner
  },
  {
    what: 'the marker of a transaction goes before its records',
    file: 'src/log/compaction/cleaned-transactions.ts',
    text: "if (end.outcome === 'commit') return !this.#committed.delete(header.producerId)",
    replacement: "if (end.outcome === 'commit') return true",
    tests: compaction
  },
  {
    what: 'what was aborted is seen where compaction has taken only the part of it in an earlier segment',
    file: 'src/log/aborted-transactions.ts',
    text: 'Math.min(producers.firstUnstableOffset() ?? Infinity, next.baseOffset)',
    replacement: 'producers.firstUnstableOffset() ?? Infinity',
    tests: ['test/log/compaction/compaction.test.ts']
  },
  {
    what: 'the cleanest log is compacted first',
    file: 'src/broker/log-cleaner.ts',
    text: 'dirt.ratio > dirtiest.dirt.ratio',
    replacement: 'dirt.ratio < dirtiest.dirt.ratio',
    tests: cleaner
  },
  {
    what: 'a log whose compaction has failed is tried again at once',
    file: 'src/broker/log-cleaner.ts',
    text: 'if (this.#leftAlone.has(replica) || !replica',
    replacement: 'if (!replica',
    tests: cleaner
  },
  {
    what: 'the next start does not know that offsets may be missing',
    file: 'src/log/compaction/compaction.ts',
    text: '    await noteGaps()\n',
    replacement: '    void noteGaps\n',
    tests: refusals
  },
  {
    what: 'a log is compacted as fast as the machine can, whatever is allowed',
    file: 'src/log/compaction/pace.ts',
    text: 'return Math.max(0, dueMs - nowMs)',
    replacement: 'return Math.min(0, dueMs - nowMs)',
    tests: ['test/log/compaction/interrupted.test.ts']
  }
]
