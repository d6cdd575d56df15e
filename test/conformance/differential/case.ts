/** A request that both brokers get, in every version that both advertise. Cases run in order: later ones build on earlier ones. */
import type { Plain, Session } from './session.ts'

export interface Case {
  readonly api: number
  readonly what: string
  /** The versions it is for; all by default. */
  readonly from?: number
  readonly to?: number
  /** Fields of this answer that hold each broker's own values. */
  readonly own?: readonly string[]
  /** Null where there is nothing to ask in that version. */
  request(version: number, session: Session): unknown
  /** Keeps what later cases need of the answer. */
  note?(answer: Plain, version: number, session: Session): void
}

export const Api = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  InitProducerId: 22,
  OffsetForLeaderEpoch: 23,
  DescribeAcls: 29,
  CreateAcls: 30,
  DeleteAcls: 31,
  DescribeConfigs: 32,
  AlterConfigs: 33,
  AlterReplicaLogDirs: 34,
  DescribeLogDirs: 35,
  CreatePartitions: 37,
  DeleteGroups: 42,
  ElectLeaders: 43,
  IncrementalAlterConfigs: 44,
  AlterPartitionReassignments: 45,
  ListPartitionReassignments: 46,
  OffsetDelete: 47,
  DescribeClientQuotas: 48,
  DescribeUserScramCredentials: 50,
  DescribeQuorum: 55,
  DescribeCluster: 60,
  DescribeProducers: 61,
  UnregisterBroker: 64,
  ListTransactions: 66,
  ListConfigResources: 74,
  DescribeTopicPartitions: 75
} as const

export const TOPIC = 'compared'
export const ABSENT = 'absent'
export const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
