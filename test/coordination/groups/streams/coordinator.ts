/** Streams groups of a coordinator over a log in memory, and members that say what an honest application says. */
import assert from 'node:assert/strict'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import type { InternalTopics } from '../../../../src/coordination/groups/streams/streams-groups.ts'
import type { Subtopology } from '../../../../src/coordination/groups/streams/topology/topology.ts'
import { ManualClock } from '../../../../src/host/memory/clock.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../../src/protocol/generated/api/streams-group-heartbeat-response.ts'
import { caller, coordinatorOn, MemoryStateLog, noPersister, type streamsSettings } from '../setup.ts'
import { copyOf, type Request, shown, subtopology } from './setup.ts'

/** It reads t1, and keeps a state in t2. */
export const counting = subtopology({
  sourceTopics: ['t1'],
  stateChangelogTopics: [{ name: 't2', partitions: 0, replicationFactor: 0, topicConfigs: [] }]
})

export async function setup(ofGroup: Partial<typeof streamsSettings> = {}, internalTopics?: InternalTopics) {
  const [log, clock] = [new MemoryStateLog(), new ManualClock()]
  const load = (from = log) => coordinatorOn(from, clock, {}, ofGroup, noPersister, internalTopics)
  return { log, clock, load, coordinator: await load() }
}

export function beat(coordinator: GroupCoordinator, memberId: string, fields: Partial<Request> = {}) {
  const request: Request = {
    ...{ groupId: 'g', memberId, memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
    ...{ rebalanceTimeoutMs: -1, topology: null, activeTasks: null, standbyTasks: null, warmupTasks: null },
    ...{ processId: null, userEndpoint: null, clientTags: null, taskOffsets: null, taskEndOffsets: null },
    ...{ shutdownApplication: false, ...fields }
  }
  return coordinator.streams.heartbeat(request, { ...caller(1), mayCreateTopics: true })
}

export function join(
  coordinator: GroupCoordinator,
  memberId: string,
  fields: Partial<Request> = {},
  subtopologies: Subtopology[] = [counting]
) {
  const first = { rebalanceTimeoutMs: 10_000, activeTasks: [], standbyTasks: [], warmupTasks: [] }
  const topology = { epoch: 1, subtopologies }
  return beat(coordinator, memberId, { ...first, topology, processId: `process of ${memberId}`, ...fields })
}

type TaskIds = StreamsGroupHeartbeatResponse['activeTasks']

export class Member {
  coordinator: GroupCoordinator
  readonly id: string
  readonly #fields: Partial<Request>
  epoch = 0
  #active: TaskIds = []
  #standby: TaskIds = []

  constructor(coordinator: GroupCoordinator, id: string, fields: Partial<Request> = {}) {
    this.coordinator = coordinator
    this.id = id
    this.#fields = fields
  }

  get active(): string[] {
    return shown(this.#active) ?? []
  }

  async join(): Promise<StreamsGroupHeartbeatResponse> {
    return this.#hear(await join(this.coordinator, this.id, this.#fields))
  }

  /** Says what it owns. */
  async beat(fields: Partial<Request> = {}): Promise<StreamsGroupHeartbeatResponse> {
    const owned = { activeTasks: copyOf(this.#active), standbyTasks: copyOf(this.#standby), warmupTasks: [] }
    const { instanceId = null } = this.#fields
    return this.#hear(
      await beat(this.coordinator, this.id, { memberEpoch: this.epoch, instanceId, ...owned, ...fields })
    )
  }

  leave(memberEpoch = -1): Promise<StreamsGroupHeartbeatResponse> {
    const { instanceId = null } = this.#fields
    return beat(this.coordinator, this.id, { memberEpoch, instanceId })
  }

  #hear(answer: StreamsGroupHeartbeatResponse): StreamsGroupHeartbeatResponse {
    if (answer.errorCode !== 0) return answer
    this.epoch = answer.memberEpoch
    if (answer.activeTasks) this.#active = answer.activeTasks
    if (answer.standbyTasks) this.#standby = answer.standbyTasks
    return answer
  }
}

/** What is told of the group, but for what is kept beside its log. */
export async function described(coordinator: GroupCoordinator, groupId = 'g') {
  const { members = [], ...group } = await coordinator.streams.describe(groupId, false)
  const byId = members.map(({ taskOffsets: _, taskEndOffsets: __, ...member }) => member)
  return { ...group, members: byId.sort((one, other) => (one.memberId < other.memberId ? -1 : 1)) }
}

export async function memberIds(coordinator: GroupCoordinator): Promise<string[]> {
  const { members } = await described(coordinator)
  return members.map(({ memberId }) => memberId)
}

export function accepted(answer: StreamsGroupHeartbeatResponse): StreamsGroupHeartbeatResponse {
  assert.equal(answer.errorCode, 0, answer.errorMessage ?? '')
  return answer
}
