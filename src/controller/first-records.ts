/** What a new metadata log begins with. */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { StateRecord } from '../coordination/coordinator.ts'
import { ResourceType } from '../coordination/metadata/image.ts'
import { configRecord, featureLevelRecord } from '../coordination/metadata/records.ts'

/** The finalized features that a real Kafka 4.4.0 finds in a fresh metadata log; 33 is 4.4-IV2. */
const firstFeatures: readonly (readonly [string, number])[] = [
  ['metadata.version', 33],
  ['eligible.leader.replicas.version', 1],
  ['group.version', 1],
  ['share.version', 2],
  ['streams.version', 1],
  ['transaction.version', 2]
]

/**
 * What every cluster begins with. The minimum of in-sync replicas is cluster-wide from the start, as Kafka makes it where
 * eligible leader replicas (KIP-966) are on.
 */
export function firstRecords(defaults: BrokerConfig): StateRecord[] {
  const minInSyncReplicas = 'min.insync.replicas'
  return [
    ...firstFeatures.map(([name, level]) => featureLevelRecord(name, level)),
    configRecord(ResourceType.broker, '', minInSyncReplicas, defaults.get(minInSyncReplicas))
  ]
}
