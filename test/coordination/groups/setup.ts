/** A coordinator on a log in memory, under a clock that a test winds, and requests with sensible fields. */

import type {
  Replay,
  ReplayEnd,
  StateLog,
  StateRecord,
  TransactionalStateLog,
  TransactionalWrite
} from '../../../src/coordination/coordinator.ts'
import { type GroupConfig, GroupCoordinator } from '../../../src/coordination/groups/group-coordinator.ts'
import { readGroupLogRecord } from '../../../src/coordination/groups/records.ts'
import type { InternalTopics } from '../../../src/coordination/groups/streams/streams-groups.ts'
import { UnsettledGroups } from '../../../src/coordination/groups/unsettled-groups.ts'
import type { SharePersister } from '../../../src/coordination/share-states/persister.ts'
import type { Chance } from '../../../src/host/chance.ts'
import { DiskError } from '../../../src/host/disk.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import type { TransactionMarker } from '../../../src/log/types.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import type { HeartbeatRequest } from '../../../src/protocol/generated/api/heartbeat-request.ts'
import type { JoinGroupRequest } from '../../../src/protocol/generated/api/join-group-request.ts'
import type { OffsetCommitRequest } from '../../../src/protocol/generated/api/offset-commit-request.ts'
import type { SyncGroupRequest } from '../../../src/protocol/generated/api/sync-group-request.ts'
import type { Decoded } from '../../../src/protocol/message.ts'

export const config: GroupConfig = {
  minSessionTimeoutMs: 6000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 0,
  maxSize: 0x7fffffff,
  offsetMetadataMaxSizeBytes: 4096,
  offsetsRetentionMs: 7 * 86_400_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  consumerAssignors: ['uniform', 'range'],
  consumerMaxSize: 0x7fffffff,
  consumerRegexRefreshIntervalMs: 600_000,
  shareAssignors: ['simple'],
  shareMaxSize: 200,
  streamsMaxSize: 0x7fffffff,
  migrationPolicy: 'bidirectional'
}

export const settings = {
  ...{ sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, isHeartbeatIntervalChosen: false },
  assignmentIntervalMs: 0
}

export const streamsSettings = {
  ...settings,
  ...{ initialRebalanceDelayMs: 0, numStandbyReplicas: 0, rackAwareTags: [], taskOffsetIntervalMs: 60_000 },
  acceptableRecoveryLag: 10_000
}

const notAvailable = { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, errorMessage: null }

/** Durable at once, or when it is told to be. */
export class MemoryStateLog implements TransactionalStateLog {
  readonly records: StateRecord[] = []
  /** By the index of the record that they come before, and by that of the record that they hold. */
  readonly #ends: { readonly before: number; readonly producerId: number; readonly outcome: 'commit' | 'abort' }[] = []
  readonly #producers = new Map<number, number>()
  /** What the log says to what comes within transactions. */
  refusal: ErrorCode = ErrorCode.NONE
  isFull = false
  hasLostSyncs = false
  #held: (() => void)[] | null = null

  get logEndOffset(): number {
    return this.records.length
  }

  append(records: readonly StateRecord[]): void {
    if (this.isFull) throw new DiskError('full', '__consumer_offsets-0', 'no space')
    this.records.push(...records)
  }

  appendWithin({ producerId }: Pick<TransactionalWrite, 'producerId'>, records: readonly StateRecord[]): ErrorCode {
    if (this.refusal !== ErrorCode.NONE) return this.refusal
    for (const [index] of records.entries()) this.#producers.set(this.records.length + index, producerId)
    this.append(records)
    return ErrorCode.NONE
  }

  appendMarker({ producerId, outcome }: TransactionMarker): ErrorCode {
    if (this.refusal !== ErrorCode.NONE) return this.refusal
    this.#ends.push({ before: this.records.length, producerId, outcome })
    return ErrorCode.NONE
  }

  durable(): Promise<void> {
    if (this.hasLostSyncs) return Promise.reject(new DiskError('failed', '__consumer_offsets-0', 'the sync failed'))
    const held = this.#held
    return held === null ? Promise.resolve() : new Promise((resolve) => held.push(resolve))
  }

  holdSyncs(): void {
    this.#held = []
  }

  releaseSyncs(): void {
    for (const resolve of this.#held ?? []) resolve()
    this.#held = null
  }

  *replaySteps(replay: Replay, replayEnd: ReplayEnd): Iterable<void> {
    for (const [offset, record] of [...this.records].entries()) {
      this.#replayEnds(offset, replayEnd)
      replay(record, { offset, producerId: this.#producers.get(offset) ?? null })
      yield
    }
    this.#replayEnds(this.records.length, replayEnd)
  }

  #replayEnds(before: number, replayEnd: ReplayEnd): void {
    for (const end of this.#ends) if (end.before === before) replayEnd(end.producerId, end.outcome)
  }
}

/** Counts up instead of being random: ids are readable, and the same in every run. */
class CountingChance implements Chance {
  #next = 1

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count)
    bytes.writeUInt32BE(this.#next++, count - 4)
    return bytes
  }

  below(limit: number): number {
    return this.#next++ % limit
  }
}

export const topicId = (name: string) => Buffer.from(name.padEnd(16, '.')).toString('base64url')

/** One for all coordinators: a restarted one must not give out the same ids again. */
const chance = new CountingChance()

/** Topics `t1` and `t2` with two partitions each, if nothing else is said. */
export const topics = {
  names: new Set(['t1', 't2']),
  counts: new Map<string, number>(),
  /** Of topics that were made anew under their names. */
  newIds: new Map<string, string>(),
  nameOf(id: string) {
    return [...topics.names].find((name) => topics.idOf(name) === id)
  },
  idOf(name: string) {
    return topics.names.has(name) ? (topics.newIds.get(name) ?? topicId(name)) : undefined
  },
  exists(name: string, partition: number) {
    return partition >= 0 && partition < topics.partitionCount(name)
  },
  partitionCount(name: string) {
    return topics.names.has(name) ? (topics.counts.get(name) ?? 2) : 0
  },
  racksOf() {
    return []
  }
}

/** Share coordinators that nobody has made yet. */
export const noPersister: SharePersister = {
  initialize: () => Promise.resolve(notAvailable),
  read: () => Promise.resolve({ ...notAvailable, stateEpoch: 0, startOffset: -1, stateBatches: [] }),
  write: () => Promise.resolve(notAvailable),
  summarize: () =>
    Promise.resolve({ ...notAvailable, stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 }),
  remove: () => Promise.resolve(notAvailable)
}

export async function coordinatorOn(
  log: StateLog,
  clock: ManualClock,
  changes: Partial<GroupConfig> = {},
  ofGroup: Partial<typeof settings> = {},
  persister: SharePersister = noPersister,
  internalTopics: InternalTopics = { make: () => {}, errors: new Map() }
): Promise<GroupCoordinator> {
  const options = {
    log,
    clock,
    chance,
    config: { ...config, ...changes },
    topics: { ...topics, names: () => topics.names },
    settingsOf: () => ({ ...settings, ...ofGroup }),
    shareSettingsOf: () => ({ ...settings, ...ofGroup }),
    streamsSettingsOf: () => ({ ...streamsSettings, ...ofGroup }),
    internalTopics,
    unsettled: new UnsettledGroups(clock),
    persister
  }
  const coordinator = await GroupCoordinator.load(
    options,
    () => null,
    () => true
  )
  if (coordinator === null) throw new Error('it is wanted')
  return coordinator
}

export async function setup(changes: Partial<GroupConfig> = {}, ofGroup: Partial<typeof settings> = {}) {
  const log = new MemoryStateLog()
  const clock = new ManualClock()
  return { log, clock, coordinator: await coordinatorOn(log, clock, changes, ofGroup) }
}

/** What a consumer that subscribes to t1 sends. */
export const subscription = Buffer.from('0000000000010002743100000000', 'hex')

export function joinRequest(changes: Partial<Decoded<JoinGroupRequest>> = {}): Decoded<JoinGroupRequest> {
  return {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription }],
    reason: null,
    ...changes
  }
}

export function syncRequest(changes: Partial<Decoded<SyncGroupRequest>> = {}): Decoded<SyncGroupRequest> {
  return {
    groupId: 'g',
    generationId: 1,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
    ...changes
  }
}

export function heartbeatRequest(changes: Partial<Decoded<HeartbeatRequest>> = {}): Decoded<HeartbeatRequest> {
  return { groupId: 'g', generationId: 1, memberId: '', groupInstanceId: null, ...changes }
}

export function commitRequest(changes: Partial<Decoded<OffsetCommitRequest>> = {}): Decoded<OffsetCommitRequest> {
  return {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [commitTopic('t1', [[0, 5]])],
    ...changes
  }
}

export function commitTopic(name: string, offsets: readonly (readonly [partition: number, offset: number])[]) {
  const partitions = offsets.map(([partitionIndex, committedOffset]) => ({
    ...{ partitionIndex, committedOffset, committedLeaderEpoch: -1 },
    committedMetadata: '' as string | null
  }))
  return { name, topicId: topicId(name), partitions }
}

export const caller = (apiVersion: number, clientId = 'client') => ({ apiVersion, clientId, clientHost: '/127.0.0.1' })

/** Whether the promise is still open after everything that was due has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, Promise.resolve(open)])) === open
}

export function readable(records: readonly StateRecord[]) {
  return records.map(readGroupLogRecord)
}
