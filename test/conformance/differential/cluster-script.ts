/** What the life of a cluster of three brokers is: each step is done to both, and what it gives has to be the same. */
import { recordBatch } from '../../harness/record-batch.ts'
import { Api } from './case.ts'
import type { ComparedCluster, PartitionState } from './compared-cluster.ts'
import type { Plain } from './session.ts'

export interface Step {
  readonly what: string
  /** Whether Apache's own tool is asked afterwards, which takes a while. */
  readonly isDescribed?: true
  run(cluster: ComparedCluster): Promise<Plain>
}

export const topics = ['orders', 'pair', 'single']
/** The same for both; old records would be deleted. */
const nowMs = Date.now()
const newestProduce = 13
const newestFetch = 18

const assigned = (name: string, replicas: readonly (readonly number[])[], configs: object[] = []) => ({
  ...{ name, numPartitions: -1, replicationFactor: -1, configs },
  assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
})

const orders = [
  [1, 2, 3],
  [2, 3, 1],
  [3, 1, 2]
]
const inSync =
  (...sizes: readonly number[]) =>
  (partitions: readonly PartitionState[]) =>
    partitions.length === sizes.length && partitions.every(({ inSync }, index) => inSync.length === sizes[index])
const led =
  (...leaders: readonly number[]) =>
  (partitions: readonly PartitionState[]) =>
    partitions.length === leaders.length && partitions.every(({ leader }, index) => leader === leaders[index])
/** Every partition of the topic is on these brokers, in any order. */
const on =
  (...ids: readonly number[]) =>
  (partitions: readonly PartitionState[]) =>
    partitions.every(({ replicas }) => [...replicas].sort().join() === ids.join())
const settled = (partitions: readonly PartitionState[]) => partitions.every(({ isMoving }) => !isMoving)

async function produced(
  cluster: ComparedCluster,
  id: number,
  topic: string,
  version: number,
  acks = -1
): Promise<Plain> {
  const records = recordBatch(['a record'], { timestampMs: nowMs })
  const partitions = topic === 'orders' ? [0, 1, 2] : [0]
  const named = version >= 13 ? { topicId: await cluster.idOf(topic) } : { name: topic }
  const partitionData = partitions.map((index) => ({ index, records }))
  return cluster.ask(id, Api.Produce, version, { acks, timeoutMs: 5000, topicData: [{ ...named, partitionData }] })
}

async function fetched(cluster: ComparedCluster, id: number, version: number, more: object = {}): Promise<Plain> {
  const named = version >= 13 ? { topicId: await cluster.idOf('orders') } : { topic: 'orders' }
  const partitions = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 100_000, ...more }))
  const session = version >= 7 ? { sessionId: 0, sessionEpoch: -1 } : {}
  const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 100_000, ...session, topics: [{ ...named, partitions }] }
  return cluster.ask(id, Api.Fetch, version, request)
}

async function inVersions(first: number, last: number, ask: (version: number) => Promise<Plain>): Promise<Plain> {
  const answers: { [version: string]: Plain } = {}
  for (let version = first; version <= last; version += 1) answers[`version ${version}`] = await ask(version)
  return answers
}

const elected = (electionType: number, names: readonly string[] | null) => ({
  electionType,
  timeoutMs: 5000,
  topicPartitions: names?.map((topic) => ({ topic, partitions: topic === 'orders' ? [0, 1, 2] : [0] })) ?? null
})

const reassigned = (name: string, replicas: readonly number[] | null, more: object = {}) => ({
  timeoutMs: 5000,
  topics: [{ name, partitions: [{ partitionIndex: 0, replicas }] }],
  ...more
})

const reassignments = (cluster: ComparedCluster): Promise<Plain> =>
  cluster.askEach(Api.ListPartitionReassignments, 0, { timeoutMs: 5000, topics: null })

export const script: readonly Step[] = [
  {
    what: 'topics whose replicas are named',
    isDescribed: true,
    async run(cluster) {
      const configs = [{ name: 'min.insync.replicas', value: '2' }]
      const wanted = [assigned('orders', orders, configs), assigned('pair', [[2, 3]]), assigned('single', [[3]])]
      const answer = await cluster.ask(1, Api.CreateTopics, 4, { topics: wanted, timeoutMs: 5000, validateOnly: false })
      await cluster.until('orders', inSync(3, 3, 3))
      await cluster.until('pair', inSync(2))
      await cluster.until('single', inSync(1))
      return [answer, await cluster.describe(topics)]
    }
  },
  {
    what: 'the brokers, and the partitions of a topic, as each of them tells it',
    run: async (cluster) => [
      await inVersions(0, 13, (version) => cluster.askEach(Api.Metadata, version, { topics: [{ name: 'orders' }] })),
      await inVersions(0, 2, (version) => cluster.askEach(Api.DescribeCluster, version, {}))
    ]
  },
  {
    what: 'records for all partitions at one broker, which leads one of them',
    run: (cluster) => inVersions(3, newestProduce, (version) => produced(cluster, 1, 'orders', version))
  },
  {
    what: 'the ends of partitions, of epochs, and producers, of each broker',
    async run(cluster) {
      const partitions = [0, 1, 2].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
      const epochs = [0, 1, 2].map((partition) => ({ partition, leaderEpoch: 0 }))
      const wrongEpochs = epochs.map((asked) => ({ ...asked, currentLeaderEpoch: 50 }))
      const wrong = partitions.map((asked) => ({ ...asked, currentLeaderEpoch: 50 }))
      const named = { replicaId: -1, topics: [{ name: 'orders', partitions }] }
      return [
        await inVersions(1, 11, (version) => cluster.askEach(Api.ListOffsets, version, named)),
        await cluster.askEach(Api.OffsetForLeaderEpoch, 4, {
          replicaId: -1,
          topics: [{ topic: 'orders', partitions: epochs }]
        }),
        await cluster.askEach(Api.OffsetForLeaderEpoch, 4, {
          replicaId: -1,
          topics: [{ topic: 'orders', partitions: wrongEpochs }]
        }),
        await cluster.askEach(Api.ListOffsets, 7, { replicaId: -1, topics: [{ name: 'orders', partitions: wrong }] }),
        await cluster.askEach(Api.DescribeProducers, 0, { topics: [{ name: 'orders', partitionIndexes: [0, 1, 2] }] })
      ]
    }
  },
  {
    what: 'a consumer that reads from each broker, and one that knows an epoch that is not yet',
    async run(cluster) {
      // Followers hear a moment later how far records are committed.
      await new Promise((resolve) => setTimeout(resolve, 1500))
      return inVersions(4, newestFetch, async (version) => [
        await fetched(cluster, 1, version),
        await fetched(cluster, 2, version),
        ...(version >= 9 ? [await fetched(cluster, 1, version, { currentLeaderEpoch: 50 })] : [])
      ])
    }
  },
  {
    what: 'elections that are not needed, and reassignments of which there are none',
    run: async (cluster) => [
      await cluster.ask(1, Api.ElectLeaders, 2, elected(0, ['orders', 'absent'])),
      await cluster.ask(1, Api.ElectLeaders, 2, elected(1, ['orders'])),
      await reassignments(cluster)
    ]
  },
  {
    what: 'reassignments that are refused',
    run: async (cluster) => [
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, reassigned('orders', [1, 9])),
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, reassigned('orders', [1, 1])),
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, reassigned('orders', [])),
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, reassigned('orders', null)),
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, reassigned('absent', [1])),
      await cluster.ask(1, Api.AlterPartitionReassignments, 0, { timeoutMs: 5000, topics: [] }),
      await cluster.ask(1, Api.AlterPartitionReassignments, 1, {
        ...reassigned('orders', [1, 2]),
        allowReplicationFactorChange: false
      })
    ]
  },
  {
    what: 'directories and brokers that there are not',
    run: async (cluster) => {
      const dirs = [{ path: '/elsewhere', topics: [{ name: 'orders', partitions: [0] }] }]
      return [
        await cluster.askEach(Api.AlterReplicaLogDirs, 2, { dirs }),
        await cluster.ask(1, Api.UnregisterBroker, 0, { brokerId: 9 })
      ]
    }
  },
  {
    what: 'records that are deleted on every broker',
    run: async (cluster) => {
      const partitions = [{ partitionIndex: 0, offset: 2 }]
      const answer = await cluster.askEach(Api.DeleteRecords, 2, {
        timeoutMs: 5000,
        topics: [{ name: 'orders', partitions }]
      })
      const named = { replicaId: -1, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -2 }] }] }
      return [answer, await cluster.ask(1, Api.ListOffsets, 7, named)]
    }
  },
  {
    what: 'a broker stops: others lead, and it is told no more',
    async run(cluster) {
      await cluster.stop(2)
      await cluster.until('orders', inSync(2, 2, 2))
      await cluster.until('pair', inSync(1))
      return [
        await cluster.describe(topics),
        await cluster.askEach(Api.Metadata, 0, { topics: [{ name: 'orders' }] }),
        await cluster.askEach(Api.DescribeCluster, 2, {}),
        await cluster.ask(1, Api.ElectLeaders, 2, elected(0, ['orders']))
      ]
    }
  },
  {
    what: 'another one stops: too few are in sync, who has everything may lead, and some partitions are led by nobody',
    isDescribed: true,
    async run(cluster) {
      await cluster.stop(3)
      await cluster.until('orders', led(1, 1, 1))
      await cluster.until('pair', led(-1))
      await cluster.until('single', led(-1))
      return [
        await cluster.describe(topics),
        await cluster.askEach(Api.Metadata, 12, { topics: topics.map((name) => ({ name })) }),
        await produced(cluster, 1, 'orders', 12),
        await produced(cluster, 1, 'orders', 12, 1),
        await produced(cluster, 1, 'pair', 12),
        await cluster.ask(1, Api.ElectLeaders, 2, elected(1, ['pair', 'single', 'orders']))
      ]
    }
  },
  {
    what: 'both come back, and are in sync again',
    async run(cluster) {
      await cluster.start(3)
      await cluster.until('pair', led(3))
      await cluster.start(2)
      await cluster.until('orders', inSync(3, 3, 3))
      await cluster.until('pair', inSync(2))
      return [await cluster.describe(topics), await produced(cluster, 1, 'orders', 12)]
    }
  },
  {
    what: 'preferred leaders lead again',
    async run(cluster) {
      const answer = await cluster.ask(1, Api.ElectLeaders, 2, elected(0, ['orders', 'pair', 'single']))
      await cluster.until('orders', led(1, 2, 3))
      await cluster.until('pair', led(2))
      return [answer, await cluster.describe(topics), await cluster.ask(1, Api.ElectLeaders, 2, elected(0, topics))]
    }
  },
  {
    what: 'partitions move to other brokers',
    async run(cluster) {
      const answers = [
        await cluster.ask(1, Api.AlterPartitionReassignments, 1, reassigned('pair', [1, 3])),
        await cluster.ask(1, Api.AlterPartitionReassignments, 1, reassigned('single', [1, 2]))
      ]
      for (const topic of ['pair', 'single']) await cluster.until(topic, settled)
      await cluster.until('single', on(1, 2))
      await cluster.until('pair', on(1, 3))
      await cluster.until('single', inSync(2))
      await cluster.until('pair', inSync(2))
      return [...answers, await cluster.describe(topics), await reassignments(cluster)]
    }
  },
  {
    what: 'a move to a broker that is gone waits, is listed, and is taken back',
    isDescribed: true,
    async run(cluster) {
      await cluster.stop(3)
      await cluster.until('pair', inSync(1))
      const answer = await cluster.ask(1, Api.AlterPartitionReassignments, 1, reassigned('single', [3, 1]))
      await cluster.until('single', on(1, 2, 3))
      const waiting = [await reassignments(cluster), await cluster.describe(['single'])]
      const back = await cluster.ask(1, Api.AlterPartitionReassignments, 1, reassigned('single', null))
      await cluster.until('single', settled)
      await cluster.until('single', on(1, 2))
      return [answer, ...waiting, back, await reassignments(cluster), await cluster.describe(topics)]
    }
  },
  {
    what: 'a broker is killed: others lead when it is known to be gone',
    async run(cluster) {
      await cluster.start(3)
      await cluster.until('orders', inSync(3, 3, 3))
      await cluster.until('pair', inSync(2))
      await cluster.kill(2)
      await cluster.until('orders', inSync(2, 2, 2))
      await cluster.until('single', inSync(1))
      return [await cluster.describe(topics), await cluster.askEach(Api.DescribeCluster, 2, {})]
    }
  },
  {
    what: 'a broker that is gone is taken out of the cluster',
    isDescribed: true,
    run: async (cluster) => [
      await cluster.ask(1, Api.UnregisterBroker, 0, { brokerId: 2 }),
      await cluster.ask(1, Api.UnregisterBroker, 0, { brokerId: 2 }),
      await cluster.describe(topics)
    ]
  }
]
