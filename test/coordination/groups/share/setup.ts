/** A coordinator in memory with a share coordinator over a log in memory, and members of a share group that say what an honest client says. */
import assert from 'node:assert/strict'
import type { StateLog } from '../../../../src/coordination/coordinator.ts'
import type { GroupConfig, GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import type { SharePersister } from '../../../../src/coordination/share-states/persister.ts'
import { ShareCoordinator } from '../../../../src/coordination/share-states/share-coordinator.ts'
import { ManualClock } from '../../../../src/host/memory/clock.ts'
import type { ShareGroupHeartbeatRequest } from '../../../../src/protocol/generated/api/share-group-heartbeat-request.ts'
import type { ShareGroupHeartbeatResponse } from '../../../../src/protocol/generated/api/share-group-heartbeat-response.ts'
import type { Decoded } from '../../../../src/protocol/message.ts'
import { caller, coordinatorOn, MemoryStateLog, type settings, topics } from '../setup.ts'

type Request = Decoded<ShareGroupHeartbeatRequest>

export function beat(coordinator: GroupCoordinator, memberId: string, fields: Partial<Request> = {}) {
  const request: Request = {
    ...{ groupId: 'g', memberId, memberEpoch: 0, rackId: null, subscribedTopicNames: null },
    ...fields
  }
  return coordinator.share.heartbeat(request, caller(1))
}

export async function shareCoordinator(clock: ManualClock, log: StateLog = new MemoryStateLog()) {
  const options = {
    ...{ log, clock, isInCluster: (topicId: string) => topics.nameOf(topicId) !== undefined },
    config: { updatesPerSnapshot: 500, writeTimeoutMs: 5000, pruneIntervalMs: 1e9, coldSnapshotIntervalMs: 1e9 },
    deleteRecordsBefore: () => Promise.resolve()
  }
  const coordinator = await ShareCoordinator.load(
    options,
    () => null,
    () => true
  )
  assert.ok(coordinator)
  return coordinator
}

export async function setup(changes: Partial<GroupConfig> = {}, ofGroup: Partial<typeof settings> = {}) {
  const [log, clock] = [new MemoryStateLog(), new ManualClock()]
  const states = await shareCoordinator(clock)
  const load = (persister: SharePersister = states) => coordinatorOn(log, clock, changes, ofGroup, persister)
  return { log, clock, states, load, coordinator: await load() }
}

/** Until share coordinators have answered, and what that comes to is written. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** As `t1-0`. */
export function namesOf(assignment: ShareGroupHeartbeatResponse['assignment']): string[] | null {
  if (!assignment) return null
  return assignment.topicPartitions
    .flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topics.nameOf(topicId)}-${partition}`))
    .sort()
}

export class Member {
  readonly #coordinator: () => GroupCoordinator
  readonly id: string
  readonly #topicNames: readonly string[]
  epoch = 0
  partitions: readonly string[] = []

  /** Of a coordinator, or of whichever there is when it asks. */
  constructor(
    coordinator: GroupCoordinator | (() => GroupCoordinator),
    id: string,
    topicNames: readonly string[] = ['t1', 't2']
  ) {
    this.#coordinator = typeof coordinator === 'function' ? coordinator : () => coordinator
    this.id = id
    this.#topicNames = topicNames
  }

  join(topicNames = this.#topicNames): Promise<ShareGroupHeartbeatResponse> {
    return this.#say({ memberEpoch: 0, subscribedTopicNames: [...topicNames] })
  }

  beat(fields: Partial<Request> = {}): Promise<ShareGroupHeartbeatResponse> {
    return this.#say({ memberEpoch: this.epoch, ...fields })
  }

  leave(): Promise<ShareGroupHeartbeatResponse> {
    return this.#say({ memberEpoch: -1 })
  }

  async #say(fields: Partial<Request>): Promise<ShareGroupHeartbeatResponse> {
    const answer = await beat(this.#coordinator(), this.id, fields)
    if (answer.errorCode !== 0) return answer
    this.epoch = answer.memberEpoch
    this.partitions = namesOf(answer.assignment) ?? this.partitions
    return answer
  }
}
