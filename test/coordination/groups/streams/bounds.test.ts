/** What a member may say of itself and its topology is bounded, and refused in words before anything is computed from it. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import {
  noReportedOffsets,
  withoutReport,
  withReport
} from '../../../../src/coordination/groups/streams/task-offsets.ts'
import type { Subtopology } from '../../../../src/coordination/groups/streams/topology/topology.ts'
import { limits } from '../../../../src/limits.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { topics } from '../setup.ts'
import { accepted as answered, beat, described, join, Member, setup } from './coordinator.ts'
import { accepted, Group, internalTopic, type Request, subtopology } from './setup.ts'

const { INVALID_REQUEST, STREAMS_INVALID_TOPOLOGY, NONE } = ErrorCode
const many = <Element>(length: number, element: (index: number) => Element) =>
  Array.from({ length }, (_, i) => element(i))
const long = (bytes: number) => 'x'.repeat(bytes)

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  topics.counts.clear()
})

async function said(fields: Partial<Request>, subtopologies?: Subtopology[]) {
  const { coordinator, log } = await setup()
  const { errorCode, errorMessage } = await join(coordinator, 'm', fields, subtopologies)
  assert.equal(log.records.length > 0, errorCode === NONE, 'what is refused leaves nothing')
  return [errorCode, errorMessage]
}

const invalid = (what: string) => [INVALID_REQUEST, what]
const invalidTopology = (what: string) => [STREAMS_INVALID_TOPOLOGY, what]

describe('of what a member says of itself', () => {
  test('ids have a length', async () => {
    const fields = { processId: long(limits.idBytes) }
    assert.deepEqual(await said(fields), [NONE, null])
    const beyond = { processId: long(limits.idBytes + 1) }
    assert.deepEqual(
      await said(beyond),
      invalid('Bytes of ProcessId: 16384, more than the 16383 that there may be here.')
    )
  })

  test('tags are few and short, and so is the host of its endpoint', async () => {
    const tags = many(limits.streamsClientTags + 1, (index) => ({ key: `k${index}`, value: '' }))
    assert.deepEqual(await said({ clientTags: tags.slice(1) }), [NONE, null])
    assert.deepEqual(
      await said({ clientTags: tags }),
      invalid('Client tags: 101, more than the 100 that there may be here.')
    )
    const tooLong = long(limits.streamsTextBytes + 1)
    assert.deepEqual(
      await said({ clientTags: [{ key: 'zone', value: tooLong }] }),
      invalid('Bytes of the value of a client tag: 256, more than the 255 that there may be here.')
    )
    assert.deepEqual(
      await said({ userEndpoint: { host: tooLong, port: 1 } }),
      invalid('Bytes of the host of UserEndpoint: 256, more than the 255 that there may be here.')
    )
  })

  test('tasks and their offsets are as many as a group can have', async () => {
    const { coordinator } = await setup()
    const { memberEpoch } = answered(await join(coordinator, 'm'))
    const offsets = many(limits.streamsTasks + 1, (partition) => ({ subtopologyId: '0', partition, offset: 1 }))
    const told = await beat(coordinator, 'm', { memberEpoch, taskOffsets: offsets })
    assert.equal(told.errorMessage, 'Tasks of TaskOffsets: 10001, more than the 10000 that there may be here.')
    const partitions = many(limits.streamsTasks + 1, (partition) => partition)
    const activeTasks = [{ subtopologyId: '0', partitions }]
    const owned = await beat(coordinator, 'm', { memberEpoch, activeTasks, standbyTasks: [], warmupTasks: [] })
    assert.equal(owned.errorMessage, 'Tasks of ActiveTasks: 10001, more than the 10000 that there may be here.')
  })
})

describe('a topology', () => {
  test('has so many subtopologies and topics, and so many bytes', async () => {
    const empty = many(limits.streamsSubtopologies + 1, (index) => subtopology({ subtopologyId: `${index}` }))
    assert.deepEqual(
      await said({}, empty),
      invalidTopology('Subtopologies: 1001, more than the 1000 that there may be here.')
    )
    const sourceTopics = many(limits.streamsTopicsNamed + 1, (index) => `s${index}`)
    assert.deepEqual(
      await said({}, [subtopology({ sourceTopics })]),
      invalidTopology('Topics of the topology: 10001, more than the 10000 that there may be here.')
    )
    const copartitionGroups = many(6000, () => ({
      sourceTopics: [0],
      sourceTopicRegex: [],
      repartitionSourceTopics: []
    }))
    assert.deepEqual(
      await said({}, [subtopology({ copartitionGroups })]),
      invalidTopology('Topics of the topology: 12001, more than the 10000 that there may be here.')
    )
    const topicConfigs = [{ key: 'k', value: long(limits.streamsTopologyBytes) }]
    const [code, words] = await said({}, [
      subtopology({ stateChangelogTopics: [{ ...internalTopic('log'), topicConfigs }] })
    ])
    assert.equal(code, STREAMS_INVALID_TOPOLOGY)
    assert.match(String(words), /^Bytes of the topology: /)
  })

  test('names topics that a topic may be called, and none of the broker, as in Apache Kafka', async () => {
    const wrong = subtopology({ sourceTopics: ['a '], repartitionSinkTopics: ['b?'] })
    assert.deepEqual(await said({}, [wrong]), invalidTopology('Topic names a ,b? are not valid topic names.'))
    const internal = subtopology({ sourceTopics: ['__consumer_offsets', 't1'] })
    const what = 'Use of Kafka internal topics __consumer_offsets in a Kafka Streams topology is prohibited.'
    assert.deepEqual(await said({}, [internal]), invalidTopology(what))
  })

  test('fixes partition counts that a topic may have', async () => {
    for (const partitions of [-1, limits.partitionsPerTopic + 1, 0x7fff_ffff]) {
      const repartitionSourceTopics = [internalTopic('rep', partitions)]
      const must = 'Repartition topic rep must have an undefined partition count, or one up to 100000'
      assert.deepEqual(
        await said({}, [subtopology({ repartitionSourceTopics })]),
        invalidTopology(`${must}, but it is set to ${partitions}.`)
      )
    }
  })

  test('comes to so many tasks, and partitions that they read', async () => {
    const counted = (repartitionSourceTopics: ReturnType<typeof internalTopic>[]) =>
      subtopology({ sourceTopics: ['t1'], repartitionSourceTopics })
    assert.deepEqual(
      await said({}, [counted([internalTopic('rep', limits.streamsTasks + 1)])]),
      invalidTopology('The topology comes to 10001 tasks, more than the 10000 that a group may have here.')
    )
    const wide = many(20, (index) => internalTopic(`rep${index}`, 5000))
    assert.deepEqual(
      await said({}, [counted(wide)]),
      invalidTopology(
        'The topology comes to 105000 partitions that its tasks read, more than the 100000 that a group may have here.'
      )
    )
  })

  test('whose topics have grown beyond that is refused until they are smaller, and nothing is lost', async () => {
    const { coordinator } = await setup()
    const member = new Member(coordinator, 'm')
    await member.join()
    grow(coordinator, limits.streamsTasks + 1)
    assert.equal((await member.beat()).errorCode, STREAMS_INVALID_TOPOLOGY)
    assert.equal((await coordinator.list({ states: [], types: [] }))[0]?.groupState, 'NotReady')
    grow(coordinator, 2)
    answered(await member.beat())
    assert.deepEqual(member.active, ['0: 0, 1'])
  })
})

function grow(coordinator: GroupCoordinator, partitions: number): void {
  for (const name of ['t1', 't2']) topics.counts.set(name, partitions)
  coordinator.onTopicsChanged(['t1', 't2'], false)
}

test('as many tasks as a group may have are assigned once in an interval, however many members join', async () => {
  const { coordinator } = await setup({ assignmentIntervalMs: 1000, numStandbyReplicas: 2 })
  grow(coordinator, limits.streamsTasks)
  for (const index of many(100, (one) => one)) answered(await join(coordinator, `m${index}`))
  const { groupEpoch, assignmentEpoch } = await described(coordinator)
  assert.deepEqual([groupEpoch, assignmentEpoch], [101, 2])
})

describe('offsets that members report', () => {
  const report = (length: number) => ({
    offsets: many(length, (partition) => ({ subtopologyId: '0', partition, offset: 1 })),
    endOffsets: []
  })

  test('are let go beyond what a group may hold, and the report before stays', () => {
    let reported = noReportedOffsets
    for (const index of many(20, (one) => one)) {
      reported = withReport(reported, `m${index}`, report(limits.streamsTasks), Number.POSITIVE_INFINITY)
    }
    assert.ok(reported.bytes <= limits.streamsTaskOffsetsBytes)
    assert.equal(reported.byMember.size, 12)
    const smaller = withReport(reported, 'm0', report(1), 0)
    assert.equal(smaller.byMember.get('m0')?.offsets.length, 1)
    assert.equal(withReport(smaller, 'm0', report(2), 0), smaller, 'the coordinator has no room')
  })

  test('count nothing once their members are gone', () => {
    const both = withReport(withReport(noReportedOffsets, 'm', report(3), 1e9), 'n', report(2), 1e9)
    const neither = withoutReport(withoutReport(both, 'n'), 'm')
    assert.deepEqual([neither.bytes, neither.byMember.size], [0, 0])
  })

  test('go with the former id of a static member', () => {
    const group = new Group({ in: 2 })
    accepted(group.join('m', { instanceId: 'i' }))
    accepted(group.beat('m', { memberEpoch: 2, instanceId: 'i', taskOffsets: report(2).offsets }))
    assert.equal(group.soft.taskOffsets.byMember.size, 1)
    accepted(group.beat('m', { memberEpoch: -2, instanceId: 'i' }))
    accepted(group.join('n', { instanceId: 'i' }))
    assert.deepEqual(group.soft.taskOffsets, { byMember: new Map(), bytes: 0 })
  })
})
