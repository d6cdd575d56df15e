/** Heartbeats of streams groups, with the answers and the records that Apache Kafka 4.4.0 gave to the same. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkStreamsHeartbeat } from '../../../../src/coordination/groups/streams/check-heartbeat.ts'
import { describedStreamsGroup } from '../../../../src/coordination/groups/streams/describe.ts'
import { type roles, tasksOf } from '../../../../src/coordination/groups/streams/tasks.ts'
import { configure } from '../../../../src/coordination/groups/streams/topology/configure.ts'
import type { StreamsGroupHeartbeatResponse } from '../../../../src/protocol/generated/api/streams-group-heartbeat-response.ts'
import * as fc from '../../../harness/properties.ts'
import { accepted, copyOf, Group, internalTopic, type Request, refused, shown, subtopology } from './setup.ts'

const details = ({ status }: StreamsGroupHeartbeatResponse) => status?.map(({ statusDetail }) => statusDetail)
const none = { standbyTasks: [], warmupTasks: [] }

/** Two subtopologies, the second with a state, and a standby of each of its tasks. */
function counting(): Group {
  const group = new Group({ in4: 4, in2: 2, rep: 4, log: 4 }, { numStandbyReplicas: 1 })
  group.subtopologies = [
    subtopology({
      ...{ subtopologyId: '1', sourceTopics: [], repartitionSourceTopics: [internalTopic('rep')] },
      stateChangelogTopics: [internalTopic('log')]
    }),
    subtopology({ sourceTopics: ['in4', 'in2'], repartitionSinkTopics: ['rep'] })
  ]
  return group
}

describe('a member of a streams group', () => {
  test('joins, is given all tasks, and shares them with who comes next, as in Apache Kafka', () => {
    const group = counting()
    const first = accepted(group.join('m'))
    assert.deepEqual([first.memberEpoch, shown(first.activeTasks)], [2, ['0: 0, 1, 2, 3', '1: 0, 1, 2, 3']])
    const second = accepted(group.join('n', { userEndpoint: { host: 'nn', port: 9 }, instanceId: 'i1' }))
    assert.deepEqual([second.memberEpoch, shown(second.activeTasks), shown(second.standbyTasks)], [3, [], ['1: 0, 1']])
    assert.deepEqual(second.partitionsByUserEndpoint, [
      {
        userEndpoint: { host: 'nn', port: 9 },
        activePartitions: [],
        standbyPartitions: [{ topic: 'rep', partitions: [0, 1] }]
      }
    ])
    const told = accepted(group.beat('m', { memberEpoch: 2 }))
    assert.deepEqual([told.memberEpoch, shown(told.activeTasks)], [2, ['0: 0, 1', '1: 0, 1']])
    assert.deepEqual(shown(told.standbyTasks), ['1: 2, 3'])
    const revoked = accepted(group.beat('m', { memberEpoch: 2, activeTasks: copyOf(told.activeTasks), ...none }))
    assert.deepEqual([revoked.memberEpoch, revoked.activeTasks], [3, null])
    assert.equal(group.group.stateOf(true), 'Reconciling')
    const given = accepted(group.beat('n', { memberEpoch: 3, instanceId: 'i1' }))
    assert.deepEqual(shown(given.activeTasks), ['0: 2, 3', '1: 2, 3'])
    assert.equal(given.endpointInformationEpoch, 2)
    assert.deepEqual(given.partitionsByUserEndpoint?.[0]?.activePartitions, [
      { topic: 'in4', partitions: [2, 3] },
      { topic: 'rep', partitions: [2, 3] }
    ])
    assert.equal(group.group.stateOf(true), 'Stable')
  })

  test('writes its join in the order of Apache Kafka', () => {
    const group = counting()
    group.join('m')
    assert.deepEqual(
      group.log.map(({ kind }) => kind),
      ['streams member', 'streams topology', 'streams group', 'streams target', 'streams assignment', 'streams current']
    )
    const current = group.log.at(-1)
    assert.ok(current?.kind === 'streams current')
    assert.deepEqual(current.value?.activeTasks[0], {
      ...{ subtopologyId: '0', partitions: [0, 1, 2, 3] },
      assignmentEpochs: [2, 2, 2, 2]
    })
    assert.equal(current.value?.state, 1)
  })

  test('is given nothing before the initial delay is over, and nothing new within the assignment interval', () => {
    const group = new Group({ in: 3 }, { initialRebalanceDelayMs: 3000, assignmentIntervalMs: 1000 })
    const first = accepted(group.join('m'))
    assert.equal(first.memberEpoch, 1)
    assert.deepEqual(details(first), ['Assignment delayed due to the configured initial rebalance delay.'])
    assert.equal(group.group.stateOf(true), 'Assigning')
    group.soft = { ...group.soft, isDelayed: false }
    assert.deepEqual(shown(accepted(group.beat('m', { memberEpoch: 1 })).activeTasks), ['0: 0, 1, 2'])
    const second = accepted(group.join('n'))
    assert.deepEqual(
      [second.memberEpoch, details(second)],
      [2, ['Assignment delayed due to the configured assignment interval.']]
    )
    group.nowMs += 1000
    assert.equal(accepted(group.beat('n', { memberEpoch: 2 })).memberEpoch, 3)
  })

  test('is refused with an epoch that is over or has not come, and with tasks that there are not', () => {
    const group = new Group({ in: 3 })
    group.join('m')
    const rejoin = 'The member must abandon all its partitions and rejoin.'
    const than = 'than the one known by the group coordinator (2)'
    assert.equal(
      refused(group.beat('m', { memberEpoch: 99 })),
      `The streams group member has a greater member epoch (99) ${than}. ${rejoin}`
    )
    assert.equal(
      refused(group.beat('m', { memberEpoch: 1 })),
      `The streams group member has a smaller member epoch (1) ${than}. ${rejoin}`
    )
    assert.equal(refused(group.beat('q', { memberEpoch: 3 })), 'Member q is not a member of group g.')
    const owning = (subtopologyId: string, partition: number) =>
      group.beat('m', { memberEpoch: 2, activeTasks: [{ subtopologyId, partitions: [partition] }], ...none })
    assert.equal(refused(owning('9', 0)), 'Subtopology 9 does not exist in the topology.')
    assert.equal(
      refused(owning('0', 7)),
      'Task 7 for subtopology 0 is invalid. Number of tasks for this subtopology: 3'
    )
    assert.equal(
      refused(owning('0', -1)),
      'Task -1 for subtopology 0 is invalid. Number of tasks for this subtopology: 3'
    )
  })

  test('may name the epoch before, as long as it owns nothing beyond what it was given', () => {
    const group = new Group({ in: 2 })
    group.join('m')
    group.join('n')
    group.beat('m', { memberEpoch: 2 })
    group.beat('m', { memberEpoch: 2, activeTasks: [{ subtopologyId: '0', partitions: [0] }], ...none })
    assert.equal(group.group.members.get('m')?.epoch, 3)
    const owning = (partitions: number[]) =>
      group.beat('m', { memberEpoch: 2, activeTasks: [{ subtopologyId: '0', partitions }], ...none })
    assert.equal(accepted(owning([0])).memberEpoch, 3)
    assert.match(refused(owning([0, 1])), /smaller member epoch/)
    assert.match(refused(group.beat('m', { memberEpoch: 2 })), /smaller member epoch/)
  })

  test('brings a topology for good: an older one is stale, any other is refused', () => {
    const group = new Group({ in: 3 })
    group.join('m')
    const of = (epoch: number, sourceTopics = ['in']) =>
      group.join('o', { topology: { epoch, subtopologies: [subtopology({ sourceTopics })] } })
    assert.equal(refused(of(2)), 'Topology updates are not supported yet.')
    assert.equal(refused(of(1, ['in', 'in2'])), 'Topology updates are not supported yet.')
    assert.deepEqual(details(accepted(of(0))), [
      "The member's topology epoch 0 is behind the group's topology epoch 1."
    ])
  })

  test('is told what its group waits for, and given its tasks once that is there', () => {
    const group = counting()
    group.topics.delete('rep')
    const first = accepted(group.join('m'))
    assert.deepEqual([details(first), shown(first.activeTasks)], [['Internal topics are missing: rep'], []])
    assert.equal(group.group.metadata.validatedTopologyEpoch, -1)
    group.creationErrors.set('rep', 'Unknown topic config name: a.bad')
    assert.deepEqual(details(accepted(group.beat('m', { memberEpoch: 2 }))), [
      'Internal topics are missing: rep; Creation failed: rep (Unknown topic config name: a.bad).'
    ])
    group.topics.set('rep', 4)
    const second = accepted(group.beat('m', { memberEpoch: 2 }))
    assert.deepEqual([second.memberEpoch, details(second), shown(second.activeTasks)?.length], [3, [], 2])
    assert.equal(group.group.metadata.validatedTopologyEpoch, 1)
  })

  test('that may not create topics is told so, and none are made', () => {
    const group = new Group({ in: 2 })
    group.subtopologies = [subtopology({ stateChangelogTopics: [internalTopic('log')] })]
    group.mayCreateTopics = false
    const told = 'Internal topics are missing: log; Unauthorized to CREATE on topics log.'
    assert.deepEqual(details(accepted(group.join('m'))), [told])
  })

  test('that asks for a shutdown has all told so, until the group is empty', () => {
    const group = new Group({ in: 3 })
    group.join('m')
    group.join('n')
    accepted(group.beat('n', { memberEpoch: 3, shutdownApplication: true }))
    const what = 'Streams group member n encountered a fatal error and requested a shutdown for the entire application.'
    assert.deepEqual(details(accepted(group.beat('m', { memberEpoch: 2 }))), [what])
    for (const id of ['m', 'n']) assert.equal(accepted(group.beat(id, { memberEpoch: -1 })).memberEpoch, -1)
    assert.deepEqual([group.group.epoch, group.group.assignmentEpoch], [5, 5])
    assert.deepEqual(details(accepted(group.join('m'))), [])
  })

  test('that lacks a tag is told from version 1 on', () => {
    const group = new Group({ in: 1 }, { rackAwareTags: ['zone', 'rack'] })
    accepted(group.join('m', { clientTags: [{ key: 'rack', value: 'r' }] }))
    const what = 'Missing required client tags for rack-aware standby assignment: [zone].'
    const how = "Configure them via 'client.tag.<tagKey>' in your Streams config."
    assert.deepEqual(details(accepted(group.beat('m', { memberEpoch: 2 }))), [`${what} ${how}`])
    assert.deepEqual(details(accepted(group.beat('m', { memberEpoch: 2 }, 0))), [])
  })

  test('that is static goes on under another id once it is away, and not before', () => {
    const group = new Group({ in: 3 })
    group.join('n', { instanceId: 'i1' })
    assert.equal(
      refused(group.join('n2', { instanceId: 'i1' })),
      'Static member n2 with instance id i1 cannot join the group because the instance id is owned by n member.'
    )
    accepted(group.beat('n', { instanceId: 'i1', memberEpoch: -2 }))
    assert.equal(group.group.members.get('n')?.epoch, -2)
    const before = group.log.length
    const back = accepted(group.join('n2', { instanceId: 'i1' }))
    assert.deepEqual([back.memberEpoch, shown(back.activeTasks)], [3, ['0: 0, 1, 2']])
    const [tombstones, others] = [3, ['member', 'target', 'current', 'member', 'group', 'assignment', 'current']]
    assert.deepEqual(
      group.log.slice(before + tombstones).map(({ kind }) => kind.replace('streams ', '')),
      others
    )
    assert.equal(
      refused(group.beat('n', { instanceId: 'i1', memberEpoch: 2 })),
      'Static member n with instance id i1 was fenced by member n2.'
    )
    assert.equal(refused(group.beat('n', { instanceId: 'zz', memberEpoch: 2 })), 'Instance id zz is unknown.')
  })

  test('may commit in an older epoch what its tasks have read since', () => {
    const group = new Group({ in: 2 })
    group.join('m')
    group.join('n')
    group.beat('m', { memberEpoch: 2 })
    group.beat('m', { memberEpoch: 2, activeTasks: [{ subtopologyId: '0', partitions: [0] }], ...none })
    const commit = (memberId: string, epoch: number, apiVersion = 9) =>
      group.group.checkCommit({ memberId, groupInstanceId: null, epoch, isTransactional: false, apiVersion })
    const [unknown, unsupported, stale] = [25, 35, 113]
    assert.equal(commit('m', 3), 0)
    assert.equal(commit('m', 4), stale)
    assert.equal(commit('q', 3), unknown)
    assert.equal(commit('m', 3, 8), unsupported)
    const older = commit('m', 2)
    assert.ok(typeof older === 'function')
    const topic = (name: string) => ({ name, topicId: name })
    assert.deepEqual([older(topic('in'), 0), older(topic('in'), 1), older(topic('elsewhere'), 0)], [0, stale, stale])
  })
})

test('a group is described as Apache Kafka describes it', () => {
  const group = counting()
  group.join('m')
  const { topology } = group.group
  assert.ok(topology)
  const configured = configure(topology, (name) => group.topics.get(name))
  assert.ok('status' in configured)
  const described = describedStreamsGroup(group.group, configured, group.soft, false)
  assert.equal(described.groupState, 'Stable')
  assert.deepEqual(described.topology?.subtopologies?.[0], {
    ...{ subtopologyId: '0', sourceTopics: ['in2', 'in4'], repartitionSinkTopics: ['rep'] },
    ...{ stateChangelogTopics: [], repartitionSourceTopics: [] }
  })
  assert.equal(described.topology?.subtopologies?.[1]?.stateChangelogTopics[0]?.partitions, 4)
  assert.deepEqual(shown(described.members[0]?.targetAssignment.activeTasks), ['0: 0, 1, 2, 3', '1: 0, 1, 2, 3'])
})

test('what a heartbeat has to say is looked at in the order of Apache Kafka', () => {
  const join: Request = {
    ...{ groupId: 'g', memberId: 'm', memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
    ...{ rebalanceTimeoutMs: 5000, topology: { epoch: 1, subtopologies: [subtopology()] } },
    ...{ activeTasks: [], standbyTasks: [], warmupTasks: [], processId: 'p', userEndpoint: null, clientTags: null },
    ...{ taskOffsets: null, taskEndOffsets: null, shutdownApplication: false }
  }
  const wrong = (fields: Partial<Request>) => checkStreamsHeartbeat({ ...join, ...fields })?.message ?? null
  const of = (fields: Parameters<typeof subtopology>[0]) => ({
    topology: { epoch: 1, subtopologies: [subtopology(fields)] }
  })
  assert.equal(wrong({}), null)
  assert.equal(wrong({ memberId: '', groupId: '' }), "MemberId can't be empty.")
  assert.equal(wrong({ groupId: '' }), "GroupId can't be empty.")
  assert.equal(wrong({ rackId: '' }), "RackId can't be empty.")
  assert.equal(wrong({ rebalanceTimeoutMs: -1 }), 'RebalanceTimeoutMs must be provided in first request.')
  assert.equal(wrong({ activeTasks: null, standbyTasks: null }), 'ActiveTasks must be empty when (re-)joining.')
  assert.equal(wrong({ warmupTasks: null }), 'WarmupTasks must be empty when (re-)joining.')
  assert.equal(wrong({ topology: null }), 'Topology must be non-null when (re-)joining.')
  assert.equal(
    wrong(of({ stateChangelogTopics: [internalTopic('c', 3)] })),
    'Changelog topic c must have an undefined partition count, but it is set to 3.'
  )
  assert.equal(wrong(of({ sourceTopicRegex: ['x'] })), 'Regular expressions for source topics are not supported yet.')
  assert.equal(wrong({ memberEpoch: -3 }), 'MemberEpoch is -3, but must be greater than or equal to -2.')
  assert.equal(wrong({ memberEpoch: -2, topology: null }), "InstanceId can't be null.")
  assert.equal(wrong({ memberEpoch: 1 }), 'Topology can only be provided when (re-)joining.')
  const later = { memberEpoch: 1, topology: null }
  assert.equal(wrong({ ...later, activeTasks: null }), 'If one task-type is non-null, all must be non-null.')
})

/** Honest members come, live and go as they like. */
const anyLife = fc.array(
  fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), does: fc.constantFrom('beat', 'beat', 'beat', 'leave') }),
  { maxLength: 60 }
)

test('whatever members do, no task is run by two, and once all are calm every task is run', () => {
  fc.assert(
    fc.property(anyLife, fc.integer({ min: 0, max: 2 }), (life, numStandbyReplicas) => {
      const group = counting()
      Object.assign(group, { settings: { ...group.settings, numStandbyReplicas } })
      const known = new Map<string, StreamsGroupHeartbeatResponse>()
      const beat = (id: string) => {
        const said = known.get(id)
        const owned = {
          activeTasks: copyOf(said?.activeTasks),
          standbyTasks: copyOf(said?.standbyTasks),
          warmupTasks: []
        }
        const answer = accepted(
          said === undefined ? group.join(id) : group.beat(id, { memberEpoch: said.memberEpoch, ...owned })
        )
        known.set(id, { ...answer, ...(answer.activeTasks === null && owned) })
      }
      for (const { id, does } of life) {
        if (does === 'beat') beat(id)
        else if (known.delete(id)) accepted(group.beat(id, { memberEpoch: -1 }))
        const running = [...group.group.members.values()].flatMap(({ assigned, pendingRevocation }) =>
          [assigned, pendingRevocation].flatMap(({ active }) => Array.from(tasksOf(active), String))
        )
        assert.equal(new Set(running).size, running.length)
      }
      beat('a')
      for (let round = 0; round < 8; round++) for (const id of known.keys()) beat(id)
      assert.equal(group.group.stateOf(true), 'Stable')
      const members = [...group.group.members.values()]
      const count = (role: (typeof roles)[number]) =>
        members.flatMap(({ assigned }) => [...tasksOf(assigned[role])]).length
      assert.deepEqual([count('active'), count('standby')], [8, 4 * Math.min(numStandbyReplicas, members.length - 1)])
    })
  )
})
