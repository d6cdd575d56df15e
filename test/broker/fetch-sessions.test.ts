import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FetchContext,
  type FetchPartition,
  type FetchSessionRequest,
  FetchSessions
} from '../../src/broker/fetch-sessions.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'

function partition(id: number, fetchOffset = 0): FetchPartition {
  const rest = {
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    knownHighWatermark: 2 ** 63,
    maxBytes: 1000,
    told: null
  }
  return { topic: 'orders', topicId: 'ordersIdAAAAAAAAAAAAAA', partition: id, fetchOffset, ...rest }
}

function request(more: Partial<FetchSessionRequest>): FetchSessionRequest {
  return { sessionId: 0, sessionEpoch: 0, usesTopicIds: 'names', partitions: [], forgotten: [], ...more }
}

function entered(sessions: FetchSessions, of: Partial<FetchSessionRequest>): FetchContext {
  const context = sessions.enter(request(of))
  assert.ok(!('error' in context), JSON.stringify(context))
  return context
}

const asked = (context: FetchContext): [number, number][] =>
  Array.from(context.partitions, ({ partition: id, fetchOffset }) => [id, fetchOffset])

function fresh(): { sessions: FetchSessions; clock: ManualClock } {
  const clock = new ManualClock()
  return { sessions: new FetchSessions(clock, new SeededChance(5)), clock }
}

test('what a session knows need not be named again; what is named changes, what is forgotten goes', () => {
  const { sessions } = fresh()
  const { sessionId, answer } = entered(sessions, { partitions: [partition(0), partition(1), partition(2)] })
  assert.ok(sessionId > 0)
  assert.equal(answer, 'all')
  const forgotten = [{ topic: 'orders', topicId: '', partitions: [2] }]
  const next = entered(sessions, { sessionId, sessionEpoch: 1, partitions: [partition(1, 7)], forgotten })
  assert.equal(next.answer, 'changed')
  assert.deepEqual(asked(next), [
    [0, 0],
    [1, 7]
  ])
  assert.deepEqual(asked(entered(sessions, { sessionId, sessionEpoch: 2 })), [
    [0, 0],
    [1, 7]
  ])
})

test('a partition that gave records goes to the end of the line', () => {
  const { sessions } = fresh()
  const first = entered(sessions, { partitions: [partition(0), partition(1), partition(2)] })
  const [head] = first.partitions
  assert.ok(head)
  first.served(head)
  const next = entered(sessions, { sessionId: first.sessionId, sessionEpoch: 1 })
  assert.deepEqual(
    asked(next).map(([id]) => id),
    [1, 2, 0]
  )
})

test('a session that is unknown, out of step, or of the other kind of names is refused', () => {
  const { sessions } = fresh()
  const { sessionId } = entered(sessions, { partitions: [partition(0)] })
  const errorOf = (of: Partial<FetchSessionRequest>): unknown => sessions.enter(request(of))
  assert.deepEqual(errorOf({ sessionId: sessionId + 1, sessionEpoch: 1 }), {
    error: ErrorCode.FETCH_SESSION_ID_NOT_FOUND
  })
  assert.deepEqual(errorOf({ sessionId, sessionEpoch: 2 }), { error: ErrorCode.INVALID_FETCH_SESSION_EPOCH })
  const byId = { sessionId, sessionEpoch: 1, usesTopicIds: 'ids' as const }
  assert.deepEqual(errorOf(byId), { error: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR })
})

test('an epoch is good for one request: neither a repeated nor a later one is taken', () => {
  const { sessions } = fresh()
  const { sessionId } = entered(sessions, { partitions: [partition(0)] })
  entered(sessions, { sessionId, sessionEpoch: 1 })
  for (const sessionEpoch of [1, 3]) {
    const refused = sessions.enter(request({ sessionId, sessionEpoch }))
    assert.deepEqual(refused, { error: ErrorCode.INVALID_FETCH_SESSION_EPOCH })
  }
  entered(sessions, { sessionId, sessionEpoch: 2 })
})

test('the final epoch ends a session, and fetches without one', () => {
  const { sessions } = fresh()
  const { sessionId } = entered(sessions, { partitions: [partition(0)] })
  const last = entered(sessions, { sessionId, sessionEpoch: -1, partitions: [partition(3)] })
  assert.equal(last.sessionId, 0)
  assert.deepEqual(asked(last), [[3, 0]])
  assert.equal(sessions.size, 0)
})

test('a full house gives up the session used longest ago, but none that is in use', () => {
  const { sessions, clock } = fresh()
  const ids = Array.from(
    { length: limits.fetchSessions },
    () => entered(sessions, { partitions: [partition(0)] }).sessionId
  )
  assert.equal(entered(sessions, { partitions: [partition(0)] }).sessionId, 0, 'all are in use')
  clock.advance(limits.fetchSessionIdleMs - 1)
  entered(sessions, { sessionId: ids[0] ?? 0, sessionEpoch: 1 })
  clock.advance(1)
  assert.ok(entered(sessions, { partitions: [partition(0)] }).sessionId > 0)
  assert.deepEqual(sessions.enter(request({ sessionId: ids[1] ?? 0, sessionEpoch: 1 })), {
    error: ErrorCode.FETCH_SESSION_ID_NOT_FOUND
  })
  entered(sessions, { sessionId: ids[0] ?? 0, sessionEpoch: 2 })
})

function partitions(count: number, first = 0): FetchPartition[] {
  return Array.from({ length: count }, (_, index) => partition(first + index))
}

test('all sessions together hold so many partitions; who would need more gets no session', () => {
  const { sessions, clock } = fresh()
  const half = limits.fetchSessionPartitions / 2
  const first = entered(sessions, { partitions: partitions(half) })
  assert.ok(first.sessionId > 0)
  assert.equal(entered(sessions, { partitions: partitions(half + 1) }).sessionId, 0)
  const second = entered(sessions, { partitions: partitions(half) })
  assert.ok(second.sessionId > 0)
  assert.equal(sessions.partitions, limits.fetchSessionPartitions)
  assert.equal(entered(sessions, { partitions: partitions(limits.fetchSessionPartitions + 1) }).sessionId, 0)
  assert.equal(sessions.size, 2, 'what can never fit takes nobody else out')
  clock.advance(limits.fetchSessionIdleMs)
  assert.ok(entered(sessions, { partitions: partitions(1) }).sessionId > 0, 'an idle one makes room')
  assert.equal(sessions.partitions, half + 1)
})

test('a session that grows past what all may hold together ends, and its client begins anew', () => {
  const { sessions } = fresh()
  const { sessionId } = entered(sessions, { partitions: partitions(limits.fetchSessionPartitions) })
  const forgotten = [{ topic: 'orders', topicId: '', partitions: [0] }]
  const swapped = { sessionId, sessionEpoch: 1, partitions: [partition(limits.fetchSessionPartitions)], forgotten }
  assert.equal(entered(sessions, swapped).sessionId, sessionId)
  const grown = request({ sessionId, sessionEpoch: 2, partitions: [partition(0)] })
  assert.deepEqual(sessions.enter(grown), { error: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
  assert.deepEqual([sessions.size, sessions.partitions], [0, 0])
})

test('what ended sessions held is counted no more', () => {
  const { sessions } = fresh()
  const { sessionId } = entered(sessions, { partitions: [partition(0), partition(0), partition(1)] })
  assert.equal(sessions.partitions, 2)
  const forgotten = [{ topic: 'orders', topicId: '', partitions: [0, 1, 7] }]
  entered(sessions, { sessionId, sessionEpoch: 1, forgotten })
  assert.deepEqual([sessions.size, sessions.partitions], [0, 0])
  const again = entered(sessions, { partitions: [partition(0)] })
  entered(sessions, { sessionId: again.sessionId, sessionEpoch: -1 })
  assert.deepEqual([sessions.size, sessions.partitions], [0, 0])
})
