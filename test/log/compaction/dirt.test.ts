/** Which part of a log is compacted, and when that is worth while, as Kafka's LogCleanerManager has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DirtyLog, dirtIn } from '../../../src/log/compaction/dirt.ts'

const nowMs = 1_000_000

interface Given extends Partial<Omit<DirtyLog, 'config'>> {
  readonly config?: Partial<DirtyLog['config']>
}

/** Segments of a hundred offsets and a hundred bytes, each a second younger than the one before; the last one is active. */
function logOf({ config, ...given }: Given): DirtyLog {
  const segments = Array.from({ length: 5 }, (_, index) => ({
    baseOffset: index * 100,
    sizeBytes: 100,
    maxTimestampMs: nowMs - 5000 + index * 1000,
    firstTimestampMs: nowMs - 5999 + index * 1000
  }))
  return {
    ...{ segments, logStartOffset: 0, logEndOffset: 450, cleanedUpTo: null, settledOffset: 450 },
    config: {
      ...{ cleanupCompact: true, minCompactionLagMs: 0, maxCompactionLagMs: Number.MAX_SAFE_INTEGER },
      minCleanableDirtyRatio: 0.5,
      ...config
    },
    ...given
  }
}

const rows: readonly [what: string, given: Given, wanted: ReturnType<typeof dirtIn>][] = [
  ['all finished segments where nothing is clean', {}, { firstDirtyOffset: 0, endOffset: 400, ratio: 1 }],
  ['nothing where the topic is not compacted', { config: { cleanupCompact: false } }, null],
  ['what came behind the checkpoint', { cleanedUpTo: 100 }, { firstDirtyOffset: 100, endOffset: 400, ratio: 0.75 }],
  [
    'also where that lies within a segment, which is taken again',
    { cleanedUpTo: 150 },
    { firstDirtyOffset: 150, endOffset: 400, ratio: 0.6 }
  ],
  ['nothing where no more than the ratio is dirty', { cleanedUpTo: 200 }, null],
  [
    'less than that where the ratio is smaller',
    { cleanedUpTo: 200, config: { minCleanableDirtyRatio: 0.4 } },
    { firstDirtyOffset: 200, endOffset: 400, ratio: 0.5 }
  ],
  [
    'no segment that reaches beyond what is settled',
    { settledOffset: 399 },
    { firstDirtyOffset: 0, endOffset: 300, ratio: 1 }
  ],
  ['nothing where nothing is settled', { settledOffset: 0 }, null],
  [
    'no segment with a record that is too young, nor what comes behind',
    { config: { minCompactionLagMs: 3500 } },
    { firstDirtyOffset: 0, endOffset: 200, ratio: 1 }
  ],
  [
    'what is overdue, however little that is',
    { cleanedUpTo: 300, config: { maxCompactionLagMs: 2500 } },
    { firstDirtyOffset: 300, endOffset: 400, ratio: 0.25 }
  ],
  ['not what is not overdue', { cleanedUpTo: 300, config: { maxCompactionLagMs: 3000 } }, null],
  [
    'all from the log start on where the checkpoint lies before it',
    { cleanedUpTo: 50, logStartOffset: 120 },
    { firstDirtyOffset: 120, endOffset: 400, ratio: 0.6 }
  ],
  [
    'all where the checkpoint lies behind the end',
    { cleanedUpTo: 451 },
    { firstDirtyOffset: 0, endOffset: 400, ratio: 1 }
  ],
  ['nothing of a log that is clean up to its active segment', { cleanedUpTo: 400 }, null]
]

for (const [what, given, wanted] of rows) {
  test(`compaction takes ${what}`, () => assert.deepEqual(dirtIn(logOf(given), nowMs), wanted))
}

test('a log without a finished segment has nothing to compact', () => {
  const [first] = logOf({}).segments
  assert.ok(first !== undefined)
  assert.equal(dirtIn(logOf({ segments: [first], logEndOffset: 100 }), nowMs), null)
})
