/** What the controller's decisions on partitions look at, and the settings that they obey. */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { ClusterImage, TopicImage } from '../coordination/metadata/image.ts'
import type { LivingBrokers } from '../coordination/metadata/living-brokers.ts'
import type { OfflineByBroker } from './offline-by-broker.ts'
import type { ReplicaEnds } from './replica-ends.ts'

export interface Scene {
  readonly image: ClusterImage
  readonly living: LivingBrokers
  /** What a topic obeys that sets nothing. */
  readonly defaults: BrokerConfig
  /** Where logs ended when their brokers registered. */
  readonly ends: Pick<ReplicaEnds, 'of'>
  /** What they cannot serve now. */
  readonly offline: Pick<OfflineByBroker, 'has'>
}

/** How many replicas must be in sync: no more than there are (Kafka: ReplicationControlManager.getTopicEffectiveMinIsr). */
export function effectiveMinInSyncReplicas({ image, defaults }: Scene, { name, partitions }: TopicImage): number {
  return Math.min(defaults.minInSyncReplicasFor(image.topicConfig(name)), partitions[0]?.replicas.length ?? 1)
}

/** Whether a replica may lead that has not everything, when nobody else is left. */
export function allowsUncleanElections({ image, defaults }: Scene, { name }: TopicImage): boolean {
  return defaults.topicValue('unclean.leader.election.enable', image.topicConfig(name))?.toLowerCase() === 'true'
}

/** Whether the cluster remembers who has everything, beyond those in sync (KIP-966; FeatureControlManager.isElrFeatureEnabled). */
export function hasEligibleLeaders(image: ClusterImage): boolean {
  return (image.features.get('eligible.leader.replicas.version') ?? 0) >= 1
}
