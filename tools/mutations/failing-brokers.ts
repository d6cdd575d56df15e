/** Mistakes in what becomes of brokers whose disk, or whose start, fails: others lead and fill again, and nothing of it goes on. */
import type { Mutation } from './list.ts'

const offline = ['test/cluster/offline.test.ts']

export const failingBrokerMutations: readonly Mutation[] = [
  {
    what: 'a broker with another disk keeps all of them from starting',
    file: 'src/coordination/metadata/support.ts',
    text: ' || (directoryIds.size > 1 && isReplaced(image, nodeId, ours))',
    replacement: '',
    tests: ['test/cluster/replaced-disks.test.ts']
  },
  {
    what: 'what a broker with another disk has lost is not said where it was unregistered',
    file: 'src/controller/broker-control.ts',
    text: ' || this.#liesElsewhere(id, directoryId)',
    replacement: '',
    tests: ['test/cluster/replaced-disks.test.ts']
  },
  {
    what: 'a damaged replica stays eligible',
    file: 'src/controller/broker-changes.ts',
    text: 'if (!inSyncReplicas.includes(id) && !eligibleLeaderReplicas.includes(id)) return []',
    replacement: 'if (!inSyncReplicas.includes(id)) return []',
    tests: offline
  },
  {
    what: 'the controller hears once of what is offline, and never again',
    file: 'src/broker/replicas.ts',
    text: 'if (needed.length > 0) this.#offline.onOffline?.(needed)\n',
    replacement: '',
    tests: offline
  },
  {
    what: 'a leader whose disk fails leads on',
    file: 'src/broker/replicas.ts',
    text: 'if (replicas.length > 1) this.#offline.take(of, error)',
    replacement: 'if (replicas.length < 1) this.#offline.take(of, error)',
    tests: offline
  },
  {
    what: 'a leader whose disk does not take what was gathered leads on',
    file: 'src/log/partition-log.ts',
    text: 'this.#health.notTaken(error)\n        this.#syncs',
    replacement: 'this.#syncs',
    tests: offline
  },
  {
    what: 'a leader whose disk takes nothing leads on',
    file: 'src/log/partition-log.ts',
    text: 'if (error instanceof DiskError) this.#health.notTaken(error)\n',
    replacement: '',
    tests: offline
  },
  {
    what: 'a coordinator ends when there is no room for the list of epochs',
    file: 'src/log/sync-group.ts',
    text: 'this.#rejectAll(RefusedSync.of(error))',
    replacement: 'this.#rejectAll(error)',
    tests: ['test/log/sync-group.test.ts']
  },
  {
    what: 'memory that is lent with an answer stays away when the answer is lost',
    file: 'src/cluster/channel.ts',
    text: 'answered.then(lost, () => {})',
    replacement: 'answered.catch(() => {})',
    tests: ['test/cluster/channel.test.ts']
  },
  {
    what: 'a broker whose start fails goes on',
    file: 'src/cluster/cluster.ts',
    text: 'broker?.abandon()\n',
    replacement: '',
    tests: ['test/cluster/failed-starts.test.ts']
  },
  {
    what: 'a broker that is gone before it could be told is told for ever',
    file: 'src/controller/controller.ts',
    text: 'if (this.#coming.get(nodeId) !== coming) throw',
    replacement: 'if (nodeId < 0) throw',
    tests: ['test/controller/attaching.test.ts']
  }
]
