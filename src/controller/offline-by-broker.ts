/** Which replicas brokers cannot serve, as they have said last: soft state, said again with each heartbeat (Kafka: offline log directories, KIP-858). */
import type { OfflineReplica } from './broker-changes.ts'

export class OfflineByBroker {
  readonly #byBroker = new Map<number, Set<string>>()

  /** These, and no others any more. */
  are(nodeId: number, offline: readonly OfflineReplica[]): void {
    this.#byBroker.set(nodeId, new Set(offline.map(keyOf)))
  }

  /** These as well. */
  alsoAre(nodeId: number, offline: readonly OfflineReplica[]): void {
    const known = this.#byBroker.get(nodeId) ?? new Set()
    for (const replica of offline) known.add(keyOf(replica))
    this.#byBroker.set(nodeId, known)
  }

  has(nodeId: number, replica: OfflineReplica): boolean {
    return this.#byBroker.get(nodeId)?.has(keyOf(replica)) === true
  }
}

function keyOf({ topicId, partitionId }: OfflineReplica): string {
  return `${topicId} ${partitionId}`
}
