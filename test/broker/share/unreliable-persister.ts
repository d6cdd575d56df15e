/** A share coordinator whose answers come when a test lets them, or not at all; and a partition of a log that is led, or not any more. */
import assert from 'node:assert/strict'
import { Replica } from '../../../src/broker/replication/replica.ts'
import type { ShareStateAnswer } from '../../../src/coordination/share-states/objection.ts'
import type { SharePersister } from '../../../src/coordination/share-states/persister.ts'
import { ShareCoordinator } from '../../../src/coordination/share-states/share-coordinator.ts'
import type { SharePartitionKey } from '../../../src/coordination/share-states/state.ts'
import type { Clock } from '../../../src/host/clock.ts'
import type { LogConfig } from '../../../src/log/types.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { MemoryStateLog } from '../../coordination/groups/setup.ts'
import { open } from '../../log/setup.ts'

/** What becomes of a question: it is answered, it does not arrive, or its answer does not. */
export type Fate = 'answered' | 'lost' | 'lost on its way back'

export class UnreliablePersister implements SharePersister {
  readonly coordinator: ShareCoordinator
  /** Otherwise each question is answered at once. */
  isHeld = false
  readonly waiting: ((fate: Fate) => void)[] = []

  static async over(clock: Clock): Promise<UnreliablePersister> {
    const config = { updatesPerSnapshot: 3, pruneIntervalMs: 1e9, coldSnapshotIntervalMs: 1e9, writeTimeoutMs: 5000 }
    const options = { log: new MemoryStateLog(), clock, config, isInCluster: () => true }
    const coordinator = await ShareCoordinator.load(
      { ...options, deleteRecordsBefore: async () => {} },
      () => null,
      () => true
    )
    assert.ok(coordinator)
    return new UnreliablePersister(coordinator)
  }

  private constructor(coordinator: ShareCoordinator) {
    this.coordinator = coordinator
  }

  async #ask<Answer extends ShareStateAnswer>(question: () => Promise<Answer>, none: Answer): Promise<Answer> {
    const fate = this.isHeld ? await new Promise<Fate>((resolve) => this.waiting.push(resolve)) : 'answered'
    const answer = fate === 'lost' ? none : await question()
    return fate === 'answered' ? answer : none
  }

  readonly #lost = { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, errorMessage: null }

  initialize(request: Parameters<SharePersister['initialize']>[0]) {
    return this.coordinator.initialize(request)
  }

  read(key: SharePartitionKey, leaderEpoch: number) {
    const nothing = { ...this.#lost, stateEpoch: 0, startOffset: 0, stateBatches: [] }
    return this.#ask(() => this.coordinator.read(key, leaderEpoch), nothing)
  }

  write(request: Parameters<SharePersister['write']>[0]) {
    return this.#ask(() => this.coordinator.write(request), this.#lost)
  }

  summarize(key: SharePartitionKey) {
    return this.coordinator.summarize(key)
  }

  remove(key: SharePartitionKey) {
    return this.coordinator.remove(key)
  }
}

export const nodeId = 1

/** Broker 1 leads it. */
export function ledReplica(partition = 0, config: Partial<LogConfig> = {}): Replica {
  const log = open({ history: 'new', config })
  const replica = new Replica({
    ...{ topic: 'orders', topicId: log.topicId, partition, leaderEpoch: 0, log, minInSyncReplicas: 1, nodeId },
    ...{ monotonicMs: () => 0, highWatermark: 0, writeDown: async () => {} }
  })
  takeRole(replica, 0)
  return replica
}

export function takeRole(replica: Replica, leaderEpoch: number, leader = nodeId): void {
  replica.takeRole({ leader, leaderEpoch, partitionEpoch: leaderEpoch, replicas: [1, 2], inSyncReplicas: [leader] })
}
