/** A transaction coordinator on a log in memory, under a clock that a test winds, with partitions that take markers when the test lets them. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { NotSafeYet } from '../../../src/coordination/coordinator.ts'
import type { WriteMarkers } from '../../../src/coordination/transactions/completions.ts'
import { readTransactionRecord } from '../../../src/coordination/transactions/records.ts'
import { noPartitions, type PartitionsByTopic, type Transaction } from '../../../src/coordination/transactions/state.ts'
import { TransactionCoordinator } from '../../../src/coordination/transactions/transaction-coordinator.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import type { TransactionMarker } from '../../../src/log/types.ts'
import { MemoryStateLog } from '../groups/setup.ts'

export const abortEveryMs = 10_000
export const removeEveryMs = 3_600_000
export const timeoutMs = 5000

/** A sync may also take longer than is waited for. */
export class TransactionLog extends MemoryStateLog {
  isSlow = false

  override durable(): Promise<void> {
    return this.isSlow ? Promise.reject(new NotSafeYet('the disk is slow')) : super.durable()
  }

  /** What a transactional id went through, as it lies in the log. */
  of(transactionalId: string): Transaction[] {
    return this.records.flatMap((record) => {
      const read = readTransactionRecord(record)
      return read?.transactionalId === transactionalId && read.transaction !== null ? [read.transaction] : []
    })
  }
}

export interface MarkersAsked {
  readonly marker: TransactionMarker
  readonly partitions: readonly string[]
}

/** The partitions of transactions: all are led and take what they are given, if nothing else is said. */
export class Partitions {
  readonly asked: MarkersAsked[] = []
  answer: (partitions: PartitionsByTopic) => Promise<PartitionsByTopic | 'fenced'> = async () => noPartitions

  readonly write: WriteMarkers = (marker, partitions) => {
    this.asked.push({ marker, partitions: named(partitions) })
    return this.answer(partitions)
  }
}

export function named(partitions: PartitionsByTopic): string[] {
  return [...partitions].flatMap(([topic, indexes]) => [...indexes].map((index) => `${topic}-${index}`))
}

export function partitionsOf(...names: readonly string[]): PartitionsByTopic {
  return new Map(names.map((name) => [name, new Set([0])]))
}

export async function setup({
  log = new TransactionLog(),
  clock = new ManualClock(),
  coordinatorEpoch = 3,
  transactionalIdExpirationMs = 7 * 86_400_000
} = {}) {
  const partitions = new Partitions()
  const ids = { next: 100, areThere: true }
  const options = {
    ...{ log, clock, coordinatorEpoch, writeMarkers: partitions.write },
    newProducerId: async () => (ids.areThere ? ids.next++ : null),
    config: {
      ...{ maxTimeoutMs: 900_000, transactionalIdExpirationMs },
      ...{ abortTimedOutIntervalMs: abortEveryMs, removeExpiredIntervalMs: removeEveryMs }
    },
    onMistake: (error: unknown) => assert.fail(String(error))
  }
  const coordinator = await TransactionCoordinator.load(
    options,
    () => null,
    () => true
  )
  assert.ok(coordinator)
  return { log, clock, ids, partitions, coordinator }
}

/** One that is begun: its producer, and its partitions `orders-0` and `bills-0`. */
export async function begun(coordinator: TransactionCoordinator, transactionalId = 'tx', clientVersion = 2) {
  const producer = await coordinator.initProducerId(transactionalId, { timeoutMs, expected: null })
  const request = { ...producer, partitions: partitionsOf('orders', 'bills'), clientVersion }
  assert.equal((await coordinator.addPartitions(transactionalId, request)).errorCode, 0)
  return { ...producer, partitions: request.partitions, clientVersion, outcome: 'commit' as const }
}

export async function stateOf(coordinator: TransactionCoordinator, transactionalId = 'tx'): Promise<string> {
  return (await coordinator.describe(transactionalId)).transactionState
}

/** All that waits for nothing but its turn has had it. */
export async function allHaveRun(): Promise<void> {
  await setImmediate()
}

/** This time passes, and what comes of it. */
export async function passes(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms)
  await allHaveRun()
}
