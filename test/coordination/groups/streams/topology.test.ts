/** What topologies come to; the sentences were asked of Apache Kafka 4.4.0. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configure } from '../../../../src/coordination/groups/streams/topology/configure.ts'
import { decidePartitionCounts } from '../../../../src/coordination/groups/streams/topology/partition-counts.ts'
import { type Subtopology, sameTopology } from '../../../../src/coordination/groups/streams/topology/topology.ts'
import * as fc from '../../../harness/properties.ts'
import { internalTopic, subtopology } from './setup.ts'

function configured(subtopologies: Subtopology[], topics: Record<string, number>) {
  const made = configure({ epoch: 1, subtopologies }, (name) => topics[name])
  if ('invalid' in made) return { invalid: made.invalid }
  return {
    status: made.status?.statusDetail ?? null,
    tasks: Object.fromEntries(Array.from(made.subtopologies, ([id, { taskCount }]) => [id, taskCount])),
    missing: Object.fromEntries(made.missingTopics.map(({ name, partitions }) => [name, partitions]))
  }
}

const counted = [
  subtopology({
    subtopologyId: '1',
    sourceTopics: [],
    repartitionSourceTopics: [internalTopic('rep')],
    stateChangelogTopics: [internalTopic('log')]
  }),
  subtopology({ sourceTopics: ['in4', 'in2'], repartitionSinkTopics: ['rep'] })
]

describe('a topology on the topics that there are', () => {
  test('source topics that are missing are named, three at most', () => {
    const sourceTopics = ['zz', 'b', 'a', 'c', 'd', 'e', 'f', 'g']
    const { status } = configured([subtopology({ sourceTopics })], {})
    assert.equal(status, 'Source topics a, b, c and 5 additional topics are missing.')
  })

  test('a repartition topic has as many partitions as the largest source of what feeds it, and so has a changelog behind it', () => {
    assert.deepEqual(configured(counted, { in4: 4, in2: 2 }), {
      status: 'Internal topics are missing: log, rep',
      tasks: { 0: 4, 1: 4 },
      missing: { log: 4, rep: 4 }
    })
  })

  test('nothing is missing once the internal topics are there', () => {
    const { status, missing } = configured(counted, { in4: 4, in2: 2, rep: 4, log: 4 })
    assert.deepEqual([status, missing], [null, {}])
  })

  test('an internal topic that has another number of partitions is told', () => {
    const { status } = configured(counted, { in4: 4, in2: 2, rep: 3 })
    assert.equal(status, 'Existing topic rep has different number of partitions: expected 4, found 3')
  })

  test('loops, topics that nobody writes to, and subtopologies without sources are told', () => {
    const failed = 'Failed to compute number of partitions for all repartition topics'
    const loop = subtopology({
      sourceTopics: [],
      repartitionSinkTopics: ['r'],
      repartitionSourceTopics: [internalTopic('r')]
    })
    assert.deepEqual(configured([loop], {}), {
      invalid: `${failed}. There may be loops in the topology that cannot be resolved.`
    })
    const unfed = subtopology({ repartitionSourceTopics: [internalTopic('r')] })
    assert.deepEqual(configured([unfed], { in: 3 }), {
      invalid: `${failed}, because a repartition source topic is never used as a sink topic.`
    })
    assert.deepEqual(configured([subtopology({ sourceTopics: [] })], {}), {
      invalid: 'No source topics found for subtopology 0'
    })
  })

  test('topics that are joined have the same number of partitions', () => {
    const joined = { sourceTopics: ['in4', 'in2'], copartitionGroups: [group([0, 1])] }
    const { status } = configured([subtopology(joined)], { in4: 4, in2: 2 })
    assert.equal(status, 'Following topics do not have the same number of partitions: [{in2=2, in4=4}]')
  })

  test('a repartition topic takes the number of what it is joined with, unless its own is fixed', () => {
    const feeding = subtopology({ repartitionSinkTopics: ['rep'] })
    const joining = (partitions: number) =>
      subtopology({
        ...{ subtopologyId: '1', sourceTopics: ['in2'], repartitionSourceTopics: [internalTopic('rep', partitions)] },
        copartitionGroups: [group([0], [0])]
      })
    const topics = { in: 6, in2: 2 }
    assert.deepEqual(configured([feeding, joining(0)], topics).missing, { rep: 2 })
    assert.equal(
      configured([feeding, joining(5)], topics).status,
      "Number of partitions [5] of repartition topic [rep] doesn't match number of partitions [2] of the source topic."
    )
  })

  test('a group of topics that the subtopology does not have is no topology', () => {
    const wrong = subtopology({ copartitionGroups: [group([3])] })
    assert.ok('invalid' in configured([wrong], { in: 1 }))
  })

  test('chains of any length and order are counted', () => {
    const anyChain = fc.integer({ min: 1, max: 6 }).chain((length) =>
      fc.record({
        order: fc.shuffledSubarray(
          Array.from({ length }, (_, index) => index),
          { minLength: length, maxLength: length }
        ),
        count: fc.integer({ min: 1, max: 50 })
      })
    )
    fc.assert(
      fc.property(anyChain, ({ order, count }) => {
        const links = order.map((index) =>
          subtopology({
            subtopologyId: String(index),
            sourceTopics: index === 0 ? ['in'] : [],
            repartitionSourceTopics: index === 0 ? [] : [internalTopic(`r${index}`)],
            repartitionSinkTopics: index === order.length - 1 ? [] : [`r${index + 1}`]
          })
        )
        const { tasks } = configured(links, { in: count })
        assert.deepEqual(tasks, Object.fromEntries(order.map((index) => [String(index), count]).sort()))
      })
    )
  })
})

function group(sourceTopics: number[], repartitionSourceTopics: number[] = []) {
  return { sourceTopics, sourceTopicRegex: [], repartitionSourceTopics }
}

test('a topology is the same in any order of its subtopologies, and not with anything else in them', () => {
  const [one, other] = counted
  assert.ok(one && other)
  const of = (...subtopologies: Subtopology[]) => ({ epoch: 1, subtopologies })
  assert.ok(sameTopology(of(one, other), of(other, one)))
  assert.ok(!sameTopology(of(one, other), of(one, { ...other, repartitionSinkTopics: [] })))
  assert.ok(!sameTopology(of(one), { ...of(one), epoch: 2 }))
})

/** Going over all subtopologies again and again, until nothing is open or nothing moves. */
function countedInRounds(subtopologies: readonly Subtopology[], topics: Record<string, number>) {
  const counts = new Map<string, number>()
  let open = subtopologies.filter(({ repartitionSinkTopics }) => repartitionSinkTopics.length > 0)
  for (let isMoving = true; isMoving; ) {
    const stillOpen = open.filter(({ sourceTopics, repartitionSourceTopics, repartitionSinkTopics }) => {
      const read = [
        ...repartitionSourceTopics.map(({ name }) => counts.get(name)),
        ...sourceTopics.map((name) => topics[name])
      ]
      const known = read.filter((count) => count !== undefined)
      for (const name of repartitionSinkTopics)
        if (known.length > 0 && !counts.has(name)) counts.set(name, Math.max(...known))
      return known.length === 0
    })
    isMoving = stillOpen.length < open.length
    open = stillOpen
  }
  return open.length > 0 ? null : counts
}

test('repartition topics have the counts that they get by going round and round, whatever feeds what', () => {
  const topics = { a: 1, b: 2, c: 3 }
  const [sources, reps] = [Object.keys(topics), ['r0', 'r1', 'r2', 'r3', 'r4']]
  const drawn = fc.record({
    sourceTopics: fc.subarray(sources, { maxLength: 1 }),
    repartitionSourceTopics: fc
      .subarray(reps, { maxLength: 2 })
      .map((names) => names.map((name) => internalTopic(name))),
    repartitionSinkTopics: fc.subarray(reps, { maxLength: 2 })
  })
  fc.assert(
    fc.property(fc.array(drawn, { minLength: 1, maxLength: 8 }), (fields) => {
      const subtopologies = fields.map((field, index) => subtopology({ subtopologyId: `${index}`, ...field }))
      const expected = countedInRounds(subtopologies, topics)
      const counted = decidePartitionCounts({ epoch: 1, subtopologies }, (name) => topics[name as keyof typeof topics])
      if (expected === null) assert.match('message' in counted ? counted.message : '', /There may be loops/)
      else if (counted.kind === 'counts')
        assert.deepEqual(new Map([...counted.counts].sort()), new Map([...expected].sort()))
      else assert.doesNotMatch(counted.message, /There may be loops/)
    }),
    { numRuns: 500 }
  )
})
