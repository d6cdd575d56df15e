/**
 * A broker says that it lives (KIP-631; Kafka: ReplicationControlManager.processBrokerHeartbeat with
 * BrokerHeartbeatManager.calculateNextBrokerState). One that was fenced takes part again when it has heard of its registration.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { objectionToBrokerEpoch } from './alter-partition.ts'
import { type OfflineReplica, offlineReplicas, unfencedBroker } from './broker-changes.ts'
import type { ReplicaEnd } from './replica-ends.ts'
import type { Scene } from './scene.ts'

export interface BrokerHeartbeat {
  readonly brokerId: number
  readonly brokerEpoch: number
  /** Its image has its registration (Kafka compares offsets of the metadata log: currentMetadataOffset). */
  readonly knowsItself: boolean
  /** What its disk cannot serve (Kafka: offlineLogDirs, KIP-858). */
  readonly offline: readonly OfflineReplica[]
  /** What it could not serve when it registered, and can now: as long as nobody has said who has everything. */
  readonly opened: readonly ReplicaEnd[]
}

export interface HeartbeatResult {
  readonly error: ErrorCode
  readonly isFenced: boolean
}

export function decideHeartbeat(
  scene: Scene,
  { brokerId, brokerEpoch, knowsItself, offline }: BrokerHeartbeat
): { readonly records: readonly StateRecord[]; readonly result: HeartbeatResult } {
  const error = objectionToBrokerEpoch(scene, brokerId, brokerEpoch)
  if (error !== ErrorCode.NONE) return { records: [], result: { error, isFenced: true } }
  const wasFenced = scene.living.broker(brokerId)?.state === 'fenced'
  const isFenced = wasFenced && !knowsItself
  const records = wasFenced && knowsItself ? unfencedBroker(scene, brokerId) : offlineReplicas(scene, brokerId, offline)
  return { records, result: { error, isFenced } }
}
