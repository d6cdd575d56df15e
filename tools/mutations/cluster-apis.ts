/** Mistakes in what clients are told of a cluster. */
import type { Mutation } from './list.ts'

const brokers = ['test/cluster/apis-brokers.test.ts']
const producers = ['test/cluster/apis-produce.test.ts']
const offsets = ['test/cluster/apis-offsets.test.ts']
const consumers = ['test/cluster/apis-fetch.test.ts']
const administrators = ['test/cluster/apis-admin.test.ts']

export const clusterApiMutations: readonly Mutation[] = [
  {
    what: 'a broker that is gone is told all the same',
    file: 'src/broker/described-brokers.ts',
    text: 'return describeAll(broker, session).filter(({ nodeId }) => isAlive(broker, nodeId))',
    replacement: 'return describeAll(broker, session)',
    tests: brokers
  },
  {
    what: 'a group is looked for at the broker that was asked',
    file: 'src/broker/apis/10-find-coordinator.ts',
    text: 'const nodeId = topic.nodeOf(name)',
    replacement: 'const { nodeId } = broker',
    tests: brokers
  },
  {
    what: 'replicas on brokers that are gone are told as there',
    file: 'src/broker/described-partitions.ts',
    text: '(nodeId === broker.nodeId ? isLost : !isAlive(broker, nodeId))',
    replacement: 'nodeId === broker.nodeId && isLost',
    tests: brokers
  },
  {
    what: 'a producer waits for slow replicas for ever',
    file: 'src/broker/apis/00-produce.ts',
    text: 'return replica.committed(endOffset, { clock, timeoutMs }).then(',
    replacement: 'return replica.committed(endOffset).then(',
    tests: producers
  },
  {
    what: 'a timer of a producer runs on when its records are committed',
    file: 'src/broker/replication/replica.ts',
    text: 'for (const { resolve, timer } of due) {\n      timer?.cancel()',
    replacement: 'for (const { resolve } of due) {',
    tests: producers
  },
  {
    what: 'fewer replicas than there must be are enough once the records are in the log',
    file: 'src/broker/apis/00-produce.ts',
    text: 'if (replica.leadership !== null && !replica.hasEnoughInSyncReplicas) throw',
    replacement: 'if (replica.leadership === null && !replica.hasEnoughInSyncReplicas) throw',
    tests: producers
  },
  {
    what: 'consumers are told the end of the log for what they may read',
    file: 'src/broker/apis/02-list-offsets.ts',
    text: 'if (request.replicaId !== consumerReplicaId) return replica.log.logEndOffset',
    replacement: 'if (request.isolationLevel === 0) return replica.log.logEndOffset',
    tests: offsets
  },
  {
    what: 'a new leader tells an end that a consumer may have passed',
    file: 'src/broker/apis/02-list-offsets.ts',
    text: 'leadership.startOffset <= highWatermark) return false',
    replacement: 'leadership.startOffset >= highWatermark) return false',
    tests: offsets
  },
  {
    what: 'records count as deleted that followers still have',
    file: 'src/broker/replication/leadership.ts',
    text: 'if (startOffset < low && isAlive(nodeId)) low = startOffset',
    replacement: '',
    tests: offsets
  },
  {
    what: 'a replica that is gone keeps records from being deleted',
    file: 'src/broker/replication/leadership.ts',
    text: 'if (startOffset < low && isAlive(nodeId)) low = startOffset',
    replacement: 'if (startOffset < low) low = startOffset',
    tests: offsets
  },
  {
    what: 'a consumer is sent to a replica that has not what it asks for',
    file: 'src/broker/replication/leadership.ts',
    text: 'if (offset < startOffset || offset > endOffset) return []',
    replacement: '',
    tests: consumers
  },
  {
    what: 'a consumer that waits for records is not told where to read',
    file: 'src/broker/fetch-reading.ts',
    text: ' || data.preferredReadReplica !== undefined',
    replacement: '',
    tests: consumers
  },
  {
    what: 'a broker that runs is taken out of the cluster',
    file: 'src/broker/apis/64-unregister-broker.ts',
    text: 'if (isAlive(broker, brokerId)) {',
    replacement: 'if (brokerId === broker.nodeId) {',
    tests: administrators
  },
  {
    what: 'an election of all partitions tells of those that needed none',
    file: 'src/broker/apis/43-elect-leaders.ts',
    text: 'topicPartitions === null ? told.map(withNewsAlone) : told',
    replacement: 'told',
    tests: administrators
  }
]
