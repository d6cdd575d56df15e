/** What is wrong with replicas that somebody chose himself (Kafka: ReplicationControlManager.validateManualPartitionAssignment). */

import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Refusal } from './config-rules.ts'
import type { LivingBrokers } from './living-brokers.ts'

/** Null when nothing is wrong. A replication factor of null: any. */
export function objectionToReplicas(
  living: LivingBrokers,
  replicas: readonly number[],
  replicationFactor: number | null
): Refusal | null {
  const error = ErrorCode.INVALID_REPLICA_ASSIGNMENT
  if (replicas.length === 0) {
    return { error, message: 'The manual partition assignment includes an empty replica list.' }
  }
  const sorted = replicas.toSorted((one, other) => one - other)
  for (const [index, id] of sorted.entries()) {
    if (living.broker(id) === undefined) {
      const message = `The manual partition assignment includes broker ${id}, but no such broker is registered.`
      return { error, message }
    }
    if (id === sorted[index - 1]) {
      return { error, message: `The manual partition assignment includes the broker ${id} more than once.` }
    }
  }
  if (replicationFactor === null || replicas.length === replicationFactor) return null
  const message = `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`
  return { error, message }
}
