/** Mistakes in what is kept of the metadata, in snapshots and images. */
import type { Mutation } from './list.ts'

const snapshot = ['test/broker/damaged-snapshot.test.ts']
const reading = 'src/coordination/metadata/snapshot.ts'
const kept = ['test/coordination/metadata/kept-records.test.ts']

export const metadataMutations: readonly Mutation[] = [
  {
    what: 'a snapshot of the metadata is believed whose bytes are not as they were written',
    file: reading,
    text: ' && hasValidCrc(bytes, position, sizeBytes)',
    replacement: '',
    tests: snapshot
  },
  {
    what: 'a snapshot of the metadata is believed that lacks a batch',
    file: reading,
    text: 'if (header.baseOffset !== nextOffset)',
    replacement: 'if (header.baseOffset < 0)',
    tests: snapshot
  },
  {
    what: 'a snapshot of the metadata is believed under the name of another epoch',
    file: reading,
    text: 'if (header.partitionLeaderEpoch !== epoch)',
    replacement: 'if (header.partitionLeaderEpoch < 0)',
    tests: snapshot
  },
  {
    what: 'a snapshot of the metadata is believed that does not begin with its header',
    file: reading,
    text: "if (!hasHeader) throw new DamagedSnapshot(position, 'it does not begin with the header')",
    replacement: '',
    tests: snapshot
  },
  {
    what: 'a snapshot of the metadata is believed that goes on behind its end',
    file: reading,
    text: "if (hasFooter) throw new DamagedSnapshot(position, 'a batch stands behind the end')",
    replacement: '',
    tests: snapshot
  },
  {
    what: 'a snapshot of the metadata is believed whose end is missing',
    file: reading,
    text: "if (!hasFooter) throw new DamagedSnapshot(bytes.length, 'its end is missing')",
    replacement: '',
    tests: snapshot
  },
  {
    what: 'the copy of an image does not have what nobody here acts on',
    file: 'src/coordination/metadata/image.ts',
    text: '    copy.kept.putAll(this.kept)\n',
    replacement: '',
    tests: kept
  },
  {
    what: 'what is kept of the metadata changes with the memory that it was read into',
    file: 'src/coordination/metadata/kept-records.ts',
    text: 'value === null ? null : Buffer.from(value)',
    replacement: 'value',
    tests: kept
  },
  {
    what: 'a quota is another when its entity is named in another order',
    file: 'src/coordination/metadata/kept-records.ts',
    text: '.sort()',
    replacement: '',
    tests: kept
  },
  {
    what: 'partitions are told in a version that the metadata of the cluster does not have',
    file: 'src/coordination/metadata/records.ts',
    text: 'return metadataVersion >= 17 ? 1 : 0',
    replacement: 'return 1',
    tests: ['test/coordination/metadata/records.test.ts']
  },
  {
    what: 'indexes are emptied of a log whose records are gone',
    file: 'src/log/recovery.ts',
    text: "if (check.kind === 'unfit') mends.push(() => segment.forgetIndexes())",
    replacement: "if (check.kind === 'unfit') segment.forgetIndexes()",
    tests: ['test/log/records-gone.test.ts']
  },
  {
    what: 'a start waits for somebody to write into a pipe that stands in the place of a file',
    file: 'src/host/node/whole-files.ts',
    text: ' | (constants.O_NONBLOCK ?? 0)',
    replacement: '',
    tests: ['test/host/disk.test.ts']
  }
]
