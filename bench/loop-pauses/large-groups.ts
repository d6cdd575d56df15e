/**
 * Groups that a request makes large: a consumer group to which thousands come together, a subscription by a regular expression that is hard for
 * engines that try and try again, and a topology of as many tasks as one may have.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { ConsumerGroupHeartbeatRequest } from '../../src/protocol/generated/api/consumer-group-heartbeat-request.ts'
import { ConsumerGroupHeartbeatResponse } from '../../src/protocol/generated/api/consumer-group-heartbeat-response.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { StreamsGroupHeartbeatRequest } from '../../src/protocol/generated/api/streams-group-heartbeat-request.ts'
import { StreamsGroupHeartbeatResponse } from '../../src/protocol/generated/api/streams-group-heartbeat-response.ts'
import { Engine } from './engine.ts'
import { heapBytes } from './heap.ts'
import type { Pauses } from './jobs.ts'
import { watching } from './watched-loop.ts'

const partitionsPerTopic = 1000
const topicCount = 10
const streamsMembers = 10
const settings = {
  'group.consumer.max.size': '100000',
  // Members come one after the other: each begins a target of its own.
  'group.streams.initial.rebalance.delay.ms': '0'
}
const names = Array.from({ length: topicCount }, (_, index) => `${'a'.repeat(60)}-${index}`)

export interface LargeGroupJobs {
  readonly pauses: Pauses
  /** Of the heap, of each member of a consumer group with all that is known of it. */
  readonly bytesPerMember: number
}

export async function largeGroupJobs(directory: string, members: number): Promise<LargeGroupJobs> {
  const engine = await Engine.start(directory, settings)
  const topics = names.map((name) => ({
    ...{ name, numPartitions: partitionsPerTopic, replicationFactor: 1, assignments: [], configs: [] }
  }))
  await engine.prepared(CreateTopicsRequest, 5, { topics, timeoutMs: 60_000, validateOnly: false })()
  await engine.prepared(FindCoordinatorRequest, 4, { key: '', keyType: 0, coordinatorKeys: ['many'] })()
  await settled(() => streamsHeartbeat(engine, 'probe', 0, 1))
  const pauses: Pauses = {}
  const joins = joining(engine, members)
  const before = heapBytes()
  pauses['members join'] = await watching(() => together(joins))
  const bytesPerMember = (heapBytes() - before) / members
  pauses['regular expression'] = await watching(() => subscribe(engine, '(a|aa)+(a|aa)+(a|aa)+[^-]?-[0-9]?b'))
  pauses.topology = await watching(() => runTogether(engine))
  await engine.stop()
  return { pauses, bytesPerMember }
}

/** Until the coordinators are there. */
async function settled(ask: () => Promise<number>): Promise<void> {
  while ((await ask()) !== 0) await wait(50)
}

const first = {
  ...{ memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: 60_000, serverAssignor: null },
  topicPartitions: []
}

function joining(engine: Engine, members: number): readonly (() => Promise<Buffer>)[] {
  return Array.from({ length: members }, (_, index) =>
    engine.prepared(ConsumerGroupHeartbeatRequest, 1, {
      ...first,
      ...{ groupId: 'many', memberId: `member-${index}`, subscribedTopicNames: names, subscribedTopicRegex: null }
    })
  )
}

async function together(joins: readonly (() => Promise<Buffer>)[]): Promise<void> {
  const waiting: Promise<Buffer>[] = []
  for (const [index, ask] of joins.entries()) {
    waiting.push(ask())
    // Not all in one turn.
    if (index % 20 === 19) await wait(1)
  }
  await Promise.all(waiting)
  // And the target that is made once the interval between two is over.
  await wait(2000)
}

async function subscribe(engine: Engine, subscribedTopicRegex: string): Promise<void> {
  const member = { groupId: 'by-pattern', memberId: 'a', subscribedTopicNames: null, subscribedTopicRegex }
  const body = { ...first, ...member }
  const { errorCode } = await engine.ask(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, body)
  if (errorCode !== 0) throw new Error(`The subscription was refused with ${errorCode}.`)
}

/** Members of a streams group come one after the other; each has the tasks of all the topics' partitions to share with the others. */
async function runTogether(engine: Engine): Promise<void> {
  for (let index = 0; index < streamsMembers; index += 1) {
    await settled(() => streamsHeartbeat(engine, `member-${index}`, index, topicCount))
  }
  await wait(2000)
}

async function streamsHeartbeat(engine: Engine, memberId: string, process: number, topics: number): Promise<number> {
  const groupId = topics === topicCount ? 'streams' : 'probe'
  const subtopologies = names.slice(0, topics).map((name, index) => ({
    ...{ subtopologyId: `${index}`, sourceTopics: [name], sourceTopicRegex: [], repartitionSinkTopics: [] },
    ...{ repartitionSourceTopics: [], copartitionGroups: [] },
    stateChangelogTopics: []
  }))
  const { errorCode } = await engine.ask(StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse, 0, {
    ...{ groupId, memberId, memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
    ...{ rebalanceTimeoutMs: 60_000, topology: { epoch: 1, subtopologies } },
    ...{ activeTasks: [], standbyTasks: [], warmupTasks: [], processId: `process-${process}` },
    ...{ userEndpoint: null, clientTags: [], taskOffsets: [], taskEndOffsets: [], shutdownApplication: false }
  })
  return errorCode
}
