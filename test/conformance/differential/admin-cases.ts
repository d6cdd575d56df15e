/** What consoles and MirrorMaker ask of any cluster: of access rules, elections, quotas, users, the quorum, transactions. */
import { ABSENT, Api, type Case, TOPIC } from './case.ts'

const ACL = {
  resourceType: 2,
  resourceName: TOPIC,
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3
}
const ACL_FILTER = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1
}

function elected(electionType: number, topicPartitions: unknown, timeoutMs = 5000): Case['request'] {
  return (version) => ({ ...(version >= 1 && { electionType }), topicPartitions, timeoutMs })
}

const somePartitions = [
  { topic: TOPIC, partitions: [0, 1, 1, 9, -1] },
  { topic: ABSENT, partitions: [0] },
  { topic: 'without partitions', partitions: [] }
]

function quotas(...components: readonly [entityType: string, matchType: number, match: string | null][]) {
  return () => ({
    components: components.map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
    strict: true
  })
}

const EXACT = 0
const DEFAULT = 1
const SPECIFIED = 2

function quorum(...topics: readonly [topicName: string, partitions: readonly number[]][]) {
  return () => ({
    topics: topics.map(([topicName, partitions]) => ({
      topicName,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex }))
    }))
  })
}

const METADATA = '__cluster_metadata'
const whenHeardOf = ['lastFetchTimestamp', 'lastCaughtUpTimestamp']

export const adminCases: readonly Case[] = [
  { api: Api.DescribeAcls, what: 'all', request: () => ACL_FILTER },
  {
    api: Api.DescribeAcls,
    what: 'of kinds that are unknown',
    request: () => ({ ...ACL_FILTER, resourceTypeFilter: 99, operation: 88, permissionType: 77, principalFilter: '' })
  },
  {
    api: Api.CreateAcls,
    what: 'a sound one and an odd one',
    request: () => ({ creations: [ACL, { ...ACL, resourceType: 99, principal: 'nobody' }] })
  },
  { api: Api.CreateAcls, what: 'none', request: () => ({ creations: [] }) },
  { api: Api.DeleteAcls, what: 'of two filters', request: () => ({ filters: [ACL_FILTER, ACL_FILTER] }) },
  { api: Api.DeleteAcls, what: 'of no filter', request: () => ({ filters: [] }) },

  { api: Api.ElectLeaders, what: 'the preferred of some partitions', request: elected(0, somePartitions) },
  { api: Api.ElectLeaders, what: 'any of some partitions', from: 1, request: elected(1, somePartitions) },
  { api: Api.ElectLeaders, what: 'in a way that is unknown', from: 1, request: elected(7, somePartitions) },
  { api: Api.ElectLeaders, what: 'in an unknown way, of no partitions', from: 1, request: elected(7, []) },
  { api: Api.ElectLeaders, what: 'in an unknown way, of all partitions', from: 1, request: elected(7, null) },
  { api: Api.ElectLeaders, what: 'of all partitions', request: elected(0, null) },
  { api: Api.ElectLeaders, what: 'of no partitions', request: elected(0, []) },
  { api: Api.ElectLeaders, what: 'without time', request: elected(0, somePartitions, 0) },

  {
    api: Api.AlterPartitionReassignments,
    what: 'to brokers that there are not, to nowhere, back, and of what is not there',
    request: () => ({
      timeoutMs: 5000,
      topics: [
        {
          name: TOPIC,
          partitions: [
            { partitionIndex: 0, replicas: [99] },
            { partitionIndex: 0, replicas: [] },
            { partitionIndex: 1, replicas: null },
            { partitionIndex: 9, replicas: [1] }
          ]
        },
        { name: ABSENT, partitions: [{ partitionIndex: 0, replicas: [1] }] }
      ]
    })
  },
  { api: Api.AlterPartitionReassignments, what: 'of nothing', request: () => ({ timeoutMs: 0, topics: [] }) },
  {
    api: Api.AlterPartitionReassignments,
    what: 'without time',
    request: () => ({ timeoutMs: 0, topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: null }] }] })
  },
  {
    api: Api.AlterReplicaLogDirs,
    what: 'to a directory that there is not',
    request: () => ({ dirs: [{ path: '/no/such/directory', topics: [{ name: TOPIC, partitions: [0, 9] }] }] })
  },
  { api: Api.UnregisterBroker, what: 'a broker that there is not', request: () => ({ brokerId: 99 }) },
  { api: Api.ListPartitionReassignments, what: 'all', request: () => ({ timeoutMs: 5000, topics: null }) },
  {
    api: Api.ListPartitionReassignments,
    what: 'of some partitions',
    request: () => ({
      timeoutMs: -1,
      topics: [
        { name: TOPIC, partitionIndexes: [0, 9, -3] },
        { name: ABSENT, partitionIndexes: [0] }
      ]
    })
  },

  { api: Api.DescribeClientQuotas, what: 'all', request: quotas() },
  {
    api: Api.DescribeClientQuotas,
    what: 'of a user',
    request: quotas(['user', EXACT, 'a'], ['client-id', DEFAULT, null])
  },
  { api: Api.DescribeClientQuotas, what: 'of any address', request: quotas(['ip', SPECIFIED, null]) },
  { api: Api.DescribeClientQuotas, what: 'of an address that is none', request: quotas(['ip', EXACT, 'no address']) },
  {
    api: Api.DescribeClientQuotas,
    what: 'of a user twice',
    request: quotas(['user', SPECIFIED, null], ['user', 9, 'a'])
  },
  {
    api: Api.DescribeClientQuotas,
    what: 'of a user and an address',
    request: quotas(['ip', SPECIFIED, null], ['user', DEFAULT, null])
  },
  {
    api: Api.DescribeClientQuotas,
    what: 'of an unknown kind',
    request: quotas(['user', SPECIFIED, null], ['odd', 9, null])
  },
  { api: Api.DescribeClientQuotas, what: 'of no kind', request: quotas(['', 9, null]) },
  { api: Api.DescribeClientQuotas, what: 'an exact match of nothing', request: quotas(['user', EXACT, null]) },
  { api: Api.DescribeClientQuotas, what: 'the default with a text', request: quotas(['user', DEFAULT, 'a']) },
  { api: Api.DescribeClientQuotas, what: 'any with a text', request: quotas(['user', SPECIFIED, 'a']) },
  { api: Api.DescribeClientQuotas, what: 'an unknown match', request: quotas(['user', -1, 'a']) },

  { api: Api.DescribeUserScramCredentials, what: 'all', request: () => ({ users: null }) },
  { api: Api.DescribeUserScramCredentials, what: 'of none', request: () => ({ users: [] }) },
  {
    api: Api.DescribeUserScramCredentials,
    what: 'of some, one of them twice',
    request: () => ({ users: ['a', '', 'b', 'a'].map((name) => ({ name })) })
  },

  {
    api: Api.DescribeQuorum,
    what: 'of the metadata',
    own: ['replicaId', 'leaderEpoch', 'highWatermark', 'logEndOffset', 'listeners', ...whenHeardOf],
    request: quorum([METADATA, [0]])
  },
  { api: Api.DescribeQuorum, what: 'of nothing', request: quorum() },
  { api: Api.DescribeQuorum, what: 'of another topic', request: quorum([TOPIC, [0]]) },
  { api: Api.DescribeQuorum, what: 'of another partition', request: quorum([METADATA, [1]]) },
  { api: Api.DescribeQuorum, what: 'of no partition', request: quorum([METADATA, []]) },
  { api: Api.DescribeQuorum, what: 'of more than the metadata', request: quorum([METADATA, [0, 0]], [ABSENT, [0]]) },
  { api: Api.DescribeQuorum, what: 'of the metadata twice', request: quorum([METADATA, [0]], [METADATA, [0]]) },

  { api: Api.ListTransactions, what: 'all', request: () => ({ stateFilters: [], producerIdFilters: [] }) },
  {
    api: Api.ListTransactions,
    what: 'in states of which some are unknown',
    request: () => ({
      stateFilters: [
        ...['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead'],
        ...['PrepareEpochFence', 'odd', 'odd']
      ],
      producerIdFilters: [5]
    })
  }
]
