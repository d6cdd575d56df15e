/** A streams group in memory: heartbeats are decided, and their records read back from bytes and applied, as after a restart. */
import type { StateRecord } from '../../../../src/coordination/coordinator.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'
import {
  firstSoftState,
  type SoftStreamsState,
  type StreamsGroupSettings,
  streamsDraftOf
} from '../../../../src/coordination/groups/streams/draft.ts'
import { streamsHeartbeat } from '../../../../src/coordination/groups/streams/heartbeat.ts'
import { streamsLeave } from '../../../../src/coordination/groups/streams/leave.ts'
import { readStreamsGroupRecord, type StreamsGroupRecord } from '../../../../src/coordination/groups/streams/records.ts'
import { replayStreamsGroup } from '../../../../src/coordination/groups/streams/replay.ts'
import { StreamsGroup } from '../../../../src/coordination/groups/streams/state.ts'
import { topologyOnTopics } from '../../../../src/coordination/groups/streams/topology/on-topics.ts'
import type { Subtopology } from '../../../../src/coordination/groups/streams/topology/topology.ts'
import type { StreamsGroupHeartbeatRequest } from '../../../../src/protocol/generated/api/streams-group-heartbeat-request.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../../src/protocol/generated/api/streams-group-heartbeat-response.ts'
import type { Decoded } from '../../../../src/protocol/message.ts'
import { Reader } from '../../../../src/protocol/primitives.ts'
import { caller } from '../setup.ts'

export type Request = Decoded<StreamsGroupHeartbeatRequest>

export const settings: StreamsGroupSettings = {
  ...{ sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, isHeartbeatIntervalChosen: false },
  ...{ assignmentIntervalMs: 0, initialRebalanceDelayMs: 0 },
  ...{ numStandbyReplicas: 0, rackAwareTags: [], taskOffsetIntervalMs: 60_000, acceptableRecoveryLag: 10_000 }
}

export function subtopology(fields: Partial<Subtopology> = {}): Subtopology {
  return {
    ...{ subtopologyId: '0', sourceTopics: ['in'], sourceTopicRegex: [], stateChangelogTopics: [] },
    ...{ repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] },
    ...fields
  }
}

/** Without a partition count, unless one is given. */
export function internalTopic(name: string, partitions = 0) {
  return { name, partitions, replicationFactor: 0, topicConfigs: [] }
}

export class Group {
  readonly state = new GroupsState()
  readonly topics: Map<string, number>
  readonly settings: StreamsGroupSettings
  subtopologies: Subtopology[] = [subtopology()]
  soft: SoftStreamsState = firstSoftState
  nowMs = 1_000_000
  mayCreateTopics = true
  /** What the log has had so far. */
  readonly log: StreamsGroupRecord[] = []
  readonly creationErrors = new Map<string, string>()

  get group(): StreamsGroup {
    return this.state.streams('g') ?? new StreamsGroup('g')
  }

  constructor(topics: Record<string, number>, changes: Partial<StreamsGroupSettings> = {}) {
    this.topics = new Map(Object.entries(topics))
    this.settings = { ...settings, ...changes }
  }

  /** The answer; or the code and the words of a refusal. */
  beat(memberId: string, fields: Partial<Request> = {}, apiVersion = 1) {
    const request: Request = {
      ...{ groupId: 'g', memberId, memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
      ...{ rebalanceTimeoutMs: -1, topology: null, activeTasks: null, standbyTasks: null, warmupTasks: null },
      ...{ processId: null, userEndpoint: null, clientTags: null, taskOffsets: null, taskEndOffsets: null },
      ...{ shutdownApplication: false, ...fields }
    }
    const draft = this.draft()
    const answer =
      request.memberEpoch < 0
        ? streamsLeave(draft, request)
        : streamsHeartbeat(draft, request, { ...caller(apiVersion), mayCreateTopics: this.mayCreateTopics })
    if ('memberEpoch' in answer) {
      this.apply(draft.records)
      this.soft = draft.softNext
    }
    return answer
  }

  join(memberId: string, fields: Partial<Request> = {}) {
    const topology = { epoch: 1, subtopologies: this.subtopologies }
    const first = { rebalanceTimeoutMs: 5000, activeTasks: [], standbyTasks: [], warmupTasks: [] }
    return this.beat(memberId, { ...first, topology, processId: `process of ${memberId}`, ...fields })
  }

  draft() {
    const topics = {
      idOf: (name: string) => (this.topics.has(name) ? name : undefined),
      nameOf: (id: string) => id,
      exists: (name: string, partition: number) => partition < (this.topics.get(name) ?? 0),
      partitionCount: (name: string) => this.topics.get(name) ?? 0,
      racksOf: () => [],
      names: () => this.topics.keys()
    }
    return streamsDraftOf(this.group, {
      unrest: { quietMs: Number.POSITIVE_INFINITY, members: 0 },
      ...{ nowMs: this.nowMs, maxSize: 100, settings: this.settings, roomBytes: 1_000_000, soft: this.soft },
      topics,
      onTopics: (topology) => topologyOnTopics(topology, topics, (name) => BigInt(this.topics.get(name) ?? 0)),
      creationErrors: this.creationErrors
    })
  }

  apply(records: readonly StateRecord[]): void {
    for (const record of records) {
      const key = new Reader(record.key ?? Buffer.alloc(0))
      const read = readStreamsGroupRecord(key.readInt16(), key, record.value)
      if (read === null) throw new Error('a record of another kind')
      this.log.push(read)
      replayStreamsGroup(this.state, read)
    }
  }
}

type Answer = ReturnType<Group['beat']>

export function accepted(answer: Answer): StreamsGroupHeartbeatResponse {
  if (!('memberEpoch' in answer)) throw new Error(answer.message)
  return answer
}

export function refused(answer: Answer): string {
  return 'memberEpoch' in answer ? 'not refused' : answer.message
}

/** As `0: 1, 2`. */
export function shown(tasks: readonly { subtopologyId: string; partitions: readonly number[] }[] | null | undefined) {
  return tasks?.map(({ subtopologyId, partitions }) => `${subtopologyId}: ${partitions.join(', ')}`) ?? null
}

/** To be said again as what the member owns. */
export function copyOf(tasks: readonly { subtopologyId: string; partitions: readonly number[] }[] | null | undefined) {
  return (tasks ?? []).map(({ subtopologyId, partitions }) => ({ subtopologyId, partitions: [...partitions] }))
}
