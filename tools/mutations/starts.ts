/** Mistakes in what a start makes of directories and of metadata that do not fit. */
import type { Mutation } from './list.ts'

const strays = ['test/broker/strays.test.ts', 'test/cluster/moved-away.test.ts']
const ends = ['test/controller/replica-ends.test.ts']
const lost = ['test/broker/strays.test.ts']

export const startMutations: readonly Mutation[] = [
  {
    what: 'what was moved to others stays in its place',
    file: 'src/broker/strays.ts',
    text: 'return topic?.partitions[partition]?.replicas.includes(nodeId) === true',
    replacement: 'return nodeId > 0 && topic?.partitions[partition] !== undefined',
    tests: strays
  },
  {
    what: 'what a deleted topic left in the place of a later one is taken for damage of that',
    file: 'src/broker/strays.ts',
    text: '(wasSynced(name) && !isDeleted)',
    replacement: 'wasSynced(name)',
    tests: strays
  },
  {
    what: 'whose directory it is, which somebody has removed, is not written again',
    file: 'src/broker/data-directory.ts',
    text: 'if (this.#isReleased || this.disk.exists(metaProperties)) return false',
    replacement: "if (this.clusterId !== '') return false",
    tests: ['test/broker/damage/files-gone.test.ts']
  },
  {
    what: 'that the metadata has lost its end is forgotten once somebody leads',
    file: 'src/controller/replica-ends.ts',
    text: "        if (what === 'ahead' && partition !== undefined) continue\n",
    replacement: '',
    tests: ends
  },
  {
    what: 'whoever would be filled does not say that the metadata has lost its end',
    file: 'src/controller/replica-ends.ts',
    text: "(what !== 'ahead' && !isCandidate(partition, nodeId))",
    replacement: '!isCandidate(partition, nodeId)',
    tests: ends
  },
  {
    what: 'the end of a log counts that is to be filled',
    file: 'src/controller/replica-ends.ts',
    text: "(what !== 'ahead' && !isCandidate(partition, nodeId))",
    replacement: 'nodeId < 0',
    tests: ends
  },
  {
    what: 'who is eligible leads although the metadata has lost its end',
    file: 'src/controller/partition-change.ts',
    text: 'undecided: [...candidates.inSyncReplicas, ...candidates.eligibleLeaderReplicas]',
    replacement: 'undecided: [...candidates.inSyncReplicas]',
    tests: ['test/controller/partition-change.test.ts']
  },
  {
    what: 'a metadata log that begins with a snapshot is taken for emptied',
    file: 'src/broker/lost-metadata.ts',
    text: 'if (hasSnapshot || image.hasKnownTopics) return',
    replacement: 'if (image.hasKnownTopics) return',
    tests: lost
  },
  {
    what: 'a metadata log whose topics were all deleted is taken for emptied',
    file: 'src/coordination/metadata/image.ts',
    text: 'this.#byName.size > 0 || this.#removed === null || this.#removed.size > 0',
    replacement: 'this.#byName.size > 0 || this.#removed === null',
    tests: lost
  },
  {
    what: 'once the deleted topics are forgotten, a cluster without topics is taken for emptied',
    file: 'src/coordination/metadata/image.ts',
    text: 'this.#byName.size > 0 || this.#removed === null || this.#removed.size > 0',
    replacement: 'this.#byName.size > 0 || (this.#removed?.size ?? 0) > 0',
    tests: lost
  },
  {
    what: 'what was set aside stays so when the metadata knows it again, and its partition is made anew, empty',
    file: 'src/broker/strays.ts',
    text: '  takeBack(facts)\n',
    replacement: '',
    tests: strays
  },
  {
    what: 'what was set aside is put back where others have everything',
    file: 'src/broker/strays.ts',
    text: 'partition === undefined || !isNeeded(partition, nodeId)',
    replacement: 'partition === undefined',
    tests: strays
  }
]
