/** Mistakes in what is told of the files of a stopped broker, and in the snapshot that Apache Kafka starts from. */
import type { Mutation } from './list.ts'

export const inspectionMutations: readonly Mutation[] = [
  {
    what: 'a metadata snapshot has its name before it is whole',
    file: 'src/coordination/metadata/snapshot-writing.ts',
    text: '.part`\n',
    replacement: '`\n',
    tests: ['test/coordination/metadata/snapshot-writing.test.ts']
  },
  {
    what: 'a metadata snapshot forgets the users and rights that Apache Kafka was told of',
    file: 'src/coordination/metadata/snapshot-writing.ts',
    text: '    yield* kept\n',
    replacement: '',
    tests: ['test/coordination/metadata/snapshot-writing.test.ts']
  },
  {
    what: 'check believes a batch whose checksum is another',
    file: 'src/inspection/check/segment-check.ts',
    text: 'if (!hasValidCrc(bytes, 0, bytes.length)) return',
    replacement: 'if (bytes.length === 0) return',
    tests: ['test/inspection/check.test.ts']
  },
  {
    what: 'check takes a log that is shorter than it was for whole',
    file: 'src/inspection/check/partition-check.ts',
    text: 'recoveryPoint !== null && recoveryPoint !== logEndOffset',
    replacement: 'recoveryPoint !== null && recoveryPoint < logEndOffset',
    tests: ['test/inspection/check.test.ts']
  },
  {
    what: 'check takes an index for right that names bytes where no batch begins',
    file: 'src/inspection/check/index-match.ts',
    text: 'if (entries[this.#placed]?.position === position) this.#placed += 1',
    replacement: 'if ((entries[this.#placed]?.position ?? 0) >= position) this.#placed += 1',
    tests: ['test/inspection/check.test.ts']
  }
]
