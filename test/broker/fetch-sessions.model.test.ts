/** Fetch sessions (KIP-227) against a model: a client that keeps the list of what it asks for itself. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FetchContext, type FetchPartition, FetchSessions } from '../../src/broker/fetch-sessions.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import * as fc from '../harness/properties.ts'

type Naming = 'ids' | 'names'
type Place = readonly [topic: string, partition: number]

interface Asked {
  readonly sessionId?: number
  readonly epoch: number
  readonly naming?: Naming
  readonly partitions?: readonly FetchPartition[]
  readonly forgotten?: readonly Place[]
}

function partitionOf(topic: string, partition: number, fetchOffset = 0): FetchPartition {
  const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1, knownHighWatermark: 2 ** 63 }
  return { topic, topicId: `id-${topic}`, partition, fetchOffset, maxBytes: 1, told: null, ...epochs }
}

function newSessions() {
  const sessions = new FetchSessions(new ManualClock(), new SeededChance(1))
  const enter = ({ sessionId = 0, epoch, naming = 'names', partitions = [], forgotten = [] }: Asked) => {
    const topics = forgotten.map(([topic, partition]) => ({ topic, topicId: `id-${topic}`, partitions: [partition] }))
    return sessions.enter({ sessionId, sessionEpoch: epoch, usesTopicIds: naming, partitions, forgotten: topics })
  }
  return { sessions, enter }
}

function entered(context: FetchContext | { readonly error: ErrorCode }): FetchContext {
  assert.ok(!('error' in context), 'the request was refused')
  return context
}

const namesIn = (context: FetchContext) =>
  [...context.partitions].map(({ topic, partition, fetchOffset }) => `${topic}-${partition}@${fetchOffset}`)

test('the partitions of a session can be walked twice: before the fetch waits and after', () => {
  const { enter } = newSessions()
  const context = entered(enter({ epoch: 0, partitions: [partitionOf('a', 0)] }))
  assert.deepEqual(namesIn(context), ['a-0@0'])
  assert.deepEqual(namesIn(context), ['a-0@0'])
})

test('what a client was told of a partition outlives a change of its offset, not that it is forgotten', () => {
  const { enter } = newSessions()
  const first = partitionOf('a', 0)
  const { sessionId } = entered(enter({ epoch: 0, partitions: [first, partitionOf('b', 0)] }))
  first.told = { highWatermark: 5, logStartOffset: 0 }
  const moved = partitionOf('a', 0, 5)
  enter({ sessionId, epoch: 1, partitions: [moved] })
  assert.deepEqual(moved.told, { highWatermark: 5, logStartOffset: 0 })
  enter({ sessionId, epoch: 2, forgotten: [['a', 0]] })
  const again = partitionOf('a', 0, 5)
  enter({ sessionId, epoch: 3, partitions: [again] })
  assert.equal(again.told, null)
})

test('a session of which every partition is forgotten ends, and the answer says so', () => {
  const { enter, sessions } = newSessions()
  const { sessionId } = entered(enter({ epoch: 0, partitions: [partitionOf('a', 0)] }))
  const emptied = entered(enter({ sessionId, epoch: 1, forgotten: [['a', 0]] }))
  assert.deepEqual([emptied.sessionId, namesIn(emptied), sessions.size], [0, [], 0])
})

test('a session by ids tells topics apart by their id, one by names by their name', () => {
  const older = partitionOf('a', 0)
  const newer = { ...older, topicId: 'id-new' }
  for (const [naming, count] of [
    ['ids', 2],
    ['names', 1]
  ] as const) {
    const { enter } = newSessions()
    const context = entered(enter({ epoch: 0, naming, partitions: [older, newer] }))
    assert.equal([...context.partitions].length, count)
  }
})

const place = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 2 }))
const wanted = fc.uniqueArray(fc.record({ place, offset: fc.nat(9) }), {
  maxLength: 5,
  selector: (one) => one.place.join('-')
})
const incremental = fc.constant('incremental' as const)
const step = fc.record({
  wanted,
  forgotten: fc.array(place, { maxLength: 3 }),
  kind: fc.oneof(
    { weight: 3, arbitrary: incremental },
    { weight: 3, arbitrary: fc.constantFrom('full', 'final', 'late', 'other naming') }
  ),
  naming: fc.constantFrom<Naming>('ids', 'names')
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** A client and the list that it keeps. */
class ModelClient {
  readonly #list = new Map<string, number>()
  readonly #sessions = newSessions()
  #id = 0
  #epoch = 1
  #naming: Naming = 'names'

  take(step: Step): void {
    if (step.kind === 'full' || step.kind === 'final') this.#startAnew(step, step.kind)
    else if (this.#id === 0) this.#expectError({ epoch: this.#epoch }, ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    else if (step.kind === 'late') this.#expectError({ epoch: this.#epoch + 1 }, ErrorCode.INVALID_FETCH_SESSION_EPOCH)
    else if (step.kind === 'other naming') {
      const naming = this.#naming === 'ids' ? 'names' : 'ids'
      this.#expectError({ epoch: this.#epoch, naming }, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
    } else this.#goOn(step)
    assert.equal(this.#sessions.sessions.size, this.#id === 0 ? 0 : 1)
  }

  #startAnew({ wanted: all, naming }: Step, kind: 'full' | 'final'): void {
    const partitions = all.map(({ place: [topic, partition], offset }) => partitionOf(topic, partition, offset))
    const epoch = kind === 'full' ? 0 : -1
    const context = entered(this.#sessions.enter({ sessionId: this.#id, epoch, naming, partitions }))
    this.#list.clear()
    this.#note(all)
    assert.equal(context.sessionId !== 0, kind === 'full' && all.length > 0)
    assert.equal(context.answer, 'all')
    assert.deepEqual(new Set(namesIn(context)), this.#expected)
    if (context.sessionId === 0) this.#list.clear()
    this.#id = context.sessionId
    this.#epoch = 1
    this.#naming = naming
  }

  #goOn({ wanted: some, forgotten }: Step): void {
    const partitions = some.map(({ place: [topic, partition], offset }) => partitionOf(topic, partition, offset))
    const asked = { sessionId: this.#id, epoch: this.#epoch, naming: this.#naming, partitions, forgotten }
    const context = entered(this.#sessions.enter(asked))
    this.#note(some)
    for (const gone of forgotten) this.#list.delete(gone.join('-'))
    if (this.#list.size === 0) {
      assert.equal(context.sessionId, 0)
    } else {
      assert.deepEqual([context.sessionId, context.answer], [this.#id, 'changed'])
      assert.deepEqual(new Set(namesIn(context)), this.#expected)
    }
    this.#id = context.sessionId
    this.#epoch += 1
  }

  #expectError(asked: Asked, error: ErrorCode): void {
    assert.deepEqual(this.#sessions.enter({ sessionId: this.#id, naming: this.#naming, ...asked }), { error })
  }

  #note(all: Step['wanted']): void {
    for (const one of all) this.#list.set(one.place.join('-'), one.offset)
  }

  get #expected(): Set<string> {
    return new Set(Array.from(this.#list, ([name, offset]) => `${name}@${offset}`))
  }
}

test('over any course of requests a session reads what its client means', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const client = new ModelClient()
      for (const one of steps) client.take(one)
    }),
    { numRuns: 300 }
  )
})
