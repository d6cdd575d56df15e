/** The log of what the cluster knows: in the directory of the one broker, or of the controller where there are several. */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import type { Host } from '../host/host.ts'
import type { LogConfig } from '../log/types.ts'
import type { DataDirectory } from './data-directory.ts'
import { assertNothingMissing, readMetadataDirectory } from './metadata-directory.ts'
import { MetadataSnapshots } from './metadata-snapshots.ts'
import type { PartitionLogs } from './partition-logs.ts'
import type { StateSnapshot } from './replica-log.ts'
import type { Assignment } from './replication/leadership.ts'
import { Replica } from './replication/replica.ts'
import type { Telling } from './telling.ts'

/** The topic id that Kafka reserves for `__cluster_metadata` (Uuid.METADATA_TOPIC_ID). */
const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

const maxMessageBytes = 8 * 1024 * 1024

function alone(nodeId: number): Pick<Assignment, 'leader' | 'replicas' | 'inSyncReplicas'> {
  return { leader: nodeId, replicas: [nodeId], inSyncReplicas: [nodeId] }
}

export interface MetadataLog {
  readonly replica: Replica
  /** Stands for the records before the log. */
  readonly snapshot: StateSnapshot
  /** Whoever writes to it leads it from here on. Throws DiskError. */
  beginToLead(): void
  /** Written while it is led. */
  readonly snapshots: MetadataSnapshots
}

/**
 * It is no topic of the image: it is where the image comes from. Its epoch is the quorum's, which has one node here: it is
 * nobody else's, and is gone on with, once it is seen that all of it can be served. Throws DiskError.
 */
export function openMetadataLog({
  host,
  config,
  directory,
  logs,
  telling
}: {
  readonly host: Host
  readonly config: BrokerConfig
  readonly directory: DataDirectory
  readonly logs: PartitionLogs
  readonly telling: Telling
}): MetadataLog {
  const { snapshot, leaderEpoch } = readMetadataDirectory(host.disk)
  const settings: LogConfig = {
    ...config.logConfigFor(new Map()),
    segmentBytes: config.metadataLog.segmentBytes,
    segmentMs: config.metadataLog.segmentMs,
    retentionBytes: -1,
    retentionMs: -1,
    cleanupDelete: false,
    cleanupCompact: false,
    deleteRetentionMs: 0,
    minCleanableDirtyRatio: 1,
    minCompactionLagMs: 0,
    maxCompactionLagMs: Infinity,
    maxMessageBytes
  }
  const identity = { topic: metadataTopicName, topicId: metadataTopicId, partition: 0, leaderEpoch }
  // A Kafka that is stopped while it starts has written here, and not yet taken away what says that all was closed cleanly.
  // What the cluster knows is synced whatever is asked for records, as Kafka's quorum does (KafkaRaftLog.flush): without it a
  // power cut leaves records of topics that nobody knows.
  const manner = { shutdown: 'unclean', durability: 'disk' } as const
  const log = logs.open(identity, settings, directory.isNew ? 'new' : 'known', manner)
  try {
    assertNothingMissing(host.disk, snapshot, log)
    const { nodeId } = directory
    // Nobody leads it but this node, and nothing of it is ever cut off.
    const writeDown = (): Promise<void> => Promise.resolve()
    const monotonicMs = (): number => host.clock.monotonicMs()
    const replica = new Replica({
      ...identity,
      nodeId,
      monotonicMs,
      highWatermark: null,
      minInSyncReplicas: 1,
      writeDown,
      log
    })
    const newestEpoch = Math.max(leaderEpoch, log.latestEpoch)
    return {
      replica,
      snapshot,
      snapshots: new MetadataSnapshots(host, log, config.metadataLog, telling),
      beginToLead: () => replica.takeRole({ ...alone(nodeId), leaderEpoch: newestEpoch, partitionEpoch: 0 })
    }
  } catch (error) {
    log.abandon()
    throw error
  }
}
