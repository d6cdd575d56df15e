/** Mistakes in what the controller decides. */
import type { Mutation } from './list.ts'

const model = ['test/controller/cluster.model.test.ts']
const asKafka = ['test/controller/partition-change.test.ts']
const growth = ['test/controller/growth.test.ts']
const delta = ['test/coordination/metadata/delta.test.ts']

export const controllerMutations: readonly Mutation[] = [
  {
    what: 'the controller elects who is eligible although others are in sync',
    file: 'src/controller/election.ts',
    text: 'return inSyncReplicas.length > 0 ? inSyncReplicas.includes(id) : eligibleLeaderReplicas.includes(id)',
    replacement: 'return inSyncReplicas.includes(id) || eligibleLeaderReplicas.includes(id)',
    tests: asKafka
  },
  {
    what: 'the controller elects a broker that is gone',
    file: 'src/controller/partition-change.ts',
    text: 'if (!living.isActive(id) || !replicas.includes(id)) return false',
    replacement: 'if (!replicas.includes(id)) return false',
    tests: model
  },
  {
    what: 'the controller takes a broker that came back with less for eligible',
    file: 'src/controller/partition-change.ts',
    text: 'const others = [...target.inSyncReplicas, ...(wanted.uncleanReplicas ?? [])]',
    replacement: 'const others = target.inSyncReplicas',
    tests: ['test/controller/broker-changes.test.ts']
  },
  {
    what: 'the controller completes a reassignment before what it adds is in sync',
    file: 'src/controller/reassignment.ts',
    text: 'const isDone = awaited.every((id) => inSync.includes(id))',
    replacement: 'const isDone = awaited.some((id) => inSync.includes(id))',
    tests: ['test/controller/reassignments.test.ts']
  },
  {
    what: 'a reassignment waits for nobody',
    file: 'src/controller/reassignment.ts',
    text: 'if (!isDone || (removingReplicas.length > 0 && inSync.length === 0)) return null',
    replacement: 'if (!isDone && awaited.length === 0) return null',
    tests: ['test/controller/reassignments.test.ts']
  },
  {
    what: 'the controller believes a leader of an old epoch',
    file: 'src/controller/alter-partition.ts',
    text: 'if (wanted.leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH',
    replacement: '',
    tests: ['test/controller/alter-partition.test.ts']
  },
  {
    what: 'the controller takes a broker that was started anew for the one that fetched',
    file: 'src/controller/alter-partition.ts',
    text: '(brokerEpoch === -1 || brokerEpoch === broker.epoch)',
    replacement: 'brokerEpoch >= -1',
    tests: ['test/controller/alter-partition.test.ts']
  },
  {
    what: 'after a start a partition with followers is led in its old epoch',
    file: 'src/controller/start-elections.ts',
    text: "{ election: 'preferred', beginsEpoch: true }",
    replacement: "{ election: 'preferred' }",
    tests: [...model, 'test/controller/elect-leaders.test.ts']
  },
  {
    what: 'a fenced broker is the first replica of new partitions',
    file: 'src/coordination/metadata/placement.ts',
    text: "(state === 'fenced') === isFenced",
    replacement: "(state === 'fenced') === false",
    tests: ['test/coordination/metadata/placement.test.ts']
  },
  {
    what: 'a delta tells of a topic that is gone again',
    file: 'src/coordination/metadata/delta.ts',
    text: 'if (!this.#created.delete(topic.id)) this.#deleted.push(topic)',
    replacement: 'this.#deleted.push(topic)',
    tests: delta
  },
  {
    what: 'a copy of the image shares its partitions',
    file: 'src/coordination/metadata/image.ts',
    text: 'copy.#byName.set(name, { ...topic, partitions: [...topic.partitions] })',
    replacement: 'copy.#byName.set(name, topic)',
    tests: delta
  },
  {
    what: 'directories that Apache Kafka served under a controller of ours are refused',
    file: 'src/coordination/metadata/support.ts',
    text: 'find((id) => id !== controllerId)',
    replacement: 'find((id) => !nodes.some(({ nodeId }) => nodeId === id))',
    tests: ['test/coordination/metadata/kafka-metadata.test.ts']
  },
  {
    what: 'thousands of logs are made in one turn',
    file: 'src/host/slices.ts',
    text: '    if (turn !== null) return restInSlices(slices, iterator, turn)\n',
    replacement: '',
    tests: growth
  },
  {
    what: 'two requests make logs at the same time',
    file: 'src/controller/growth.ts',
    text: 'for (let next = this.#underWay ?? namesFree(); next !== null; next = this.#underWay ?? namesFree()) await next',
    replacement: 'for (let next = namesFree(); next !== null; next = namesFree()) await next',
    tests: growth
  },
  {
    what: 'what cannot be any more as it was decided is not decided anew',
    file: 'src/controller/growth.ts',
    text: '    if (failure === null) return this.#grow(wanted, slices)\n',
    replacement: '',
    tests: growth
  },
  {
    what: 'a topic is told of with what somebody else has written, before its names are safe',
    file: 'src/controller/controller.ts',
    text: 'this.#makers.namesSafe(partitions)',
    replacement: 'this.#makers.namesSafe([])',
    tests: growth
  }
]
