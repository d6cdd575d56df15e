/** Mistakes in what a follower does with its log, as those of `list.ts`. */
import type { Mutation } from './list.ts'

const truncation = ['test/log/truncation.test.ts']

export const followerMutations: readonly Mutation[] = [
  {
    what: 'a follower takes batches without a look at their checksum',
    file: 'src/log/leader-batches.ts',
    text: 'if (!hasValidCrc(bytes, position, sizeBytes))',
    replacement: 'if (sizeBytes < 0)',
    tests: ['test/log/follower-append.test.ts']
  },
  {
    what: 'a follower takes batches of an epoch that is over',
    file: 'src/log/leader-batches.ts',
    text: 'if (partitionLeaderEpoch < latestEpoch) {',
    replacement: 'if (partitionLeaderEpoch < -1) {',
    tests: ['test/log/follower-append.test.ts']
  },
  {
    what: 'a log is cut before the recovery point is written down',
    file: 'src/log/truncation.ts',
    text: 'await writeDown()\n    assertUsable()',
    replacement: 'assertUsable()',
    tests: truncation
  },
  {
    what: 'a power cut brings back what was cut off',
    file: 'src/log/truncation.ts',
    text: 'await segments.syncCut(endOffset)\n',
    replacement: '',
    tests: truncation
  },
  {
    what: 'the producers of records that were cut off are still known',
    file: 'src/log/truncation.ts',
    text: 'segments.reloadProducers(endOffset, this.#log.nowMs())\n',
    replacement: '',
    tests: truncation
  },
  {
    what: 'the epochs of records that were cut off are still known',
    file: 'src/log/truncation.ts',
    text: 'epochs.cutFrom(endOffset)\n',
    replacement: '',
    tests: truncation
  },
  {
    what: 'the indexes of a log that was cut are taken to be safe',
    file: 'src/log/segments.ts',
    text: 'segment.indexesSyncedBytes = 0\n',
    replacement: '',
    tests: truncation
  },
  {
    what: 'a log that begins anew finds the producers of before',
    file: 'src/log/truncation.ts',
    text: 'await segments.forgetSnapshotsBehind(-1)\n',
    replacement: '',
    tests: truncation
  },
  {
    what: 'the first record of an epoch is acknowledged before it is safe that the epoch has begun',
    file: 'src/log/partition-log.ts',
    text: 'prepare: () => (this.#epochs.isSaved ? null : this.#epochs.saveSoon()),',
    replacement: 'prepare: () => null,',
    tests: ['test/log/epoch-check.test.ts']
  },
  {
    what: 'an epoch that seems to begin later than it did is believed',
    file: 'src/log/epoch-check.ts',
    text: 'if (startOffset > logStartOffset && !endsBefore(',
    replacement: 'if (startOffset < logStartOffset && !endsBefore(',
    tests: ['test/log/epoch-check.test.ts']
  }
]
