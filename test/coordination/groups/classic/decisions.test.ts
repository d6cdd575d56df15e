/** Decisions of a classic group, whole: answers, records, state and sessions that each one comes to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Draft, draftOf, type FoundGroup } from '../../../../src/coordination/groups/classic/draft.ts'
import { join } from '../../../../src/coordination/groups/classic/join.ts'
import { expireSession, leave } from '../../../../src/coordination/groups/classic/leave.ts'
import { timerExpired } from '../../../../src/coordination/groups/classic/rebalance.ts'
import { sync } from '../../../../src/coordination/groups/classic/sync.ts'
import type { GroupConfig } from '../../../../src/coordination/groups/group-config.ts'
import { replay } from '../../../../src/coordination/groups/replay.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'
import { limits } from '../../../../src/limits.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { config, joinRequest, readable, subscription, syncRequest } from '../setup.ts'

const nowMs = 1_700_000_000_000
const nowhere: FoundGroup = { groupId: 'g', metadata: undefined, round: undefined }
const one = Buffer.from('one')
const two = Buffer.from('two')
let nextWaiter = 1

function joinIn(group: FoundGroup, changes: Parameters<typeof joinRequest>[0], more: object = {}): Draft | number {
  const circumstances = { nowMs, config, apiVersion: 9, clientId: 'client', clientHost: '/::1', uuid: 'new', ...more }
  return join(group, joinRequest(changes), { ...circumstances, waiter: nextWaiter++ })
}

function drafted(decided: Draft | number | null): Draft {
  assert.ok(typeof decided === 'object' && decided !== null, `refused with ${decided}`)
  return decided
}

/** The group as the next decision finds it: records replayed, round taken over. */
function after(group: FoundGroup, draft: Draft): FoundGroup {
  const state = new GroupsState()
  if (group.metadata !== undefined) state.groups.set(group.groupId, group.metadata)
  for (const record of draft.records) replay(state, record, { offset: 0, producerId: null })
  return { groupId: group.groupId, metadata: state.classic(group.groupId), round: draft.round }
}

function joined(memberId: string, generationId: number, leader: string, members: readonly string[] = []) {
  return {
    errorCode: ErrorCode.NONE,
    generationId,
    protocolType: 'consumer',
    protocolName: 'range',
    leader,
    memberId,
    members: members.map((id) => ({ memberId: id, groupInstanceId: null, metadata: subscription }))
  }
}

function refusal(errorCode: number, memberId = '') {
  return { errorCode, generationId: -1, protocolType: null, protocolName: null, leader: '', memberId, members: [] }
}

const responses = (draft: Draft) => draft.joinAnswers.map(({ response }) => response)
const syncResponses = (draft: Draft) =>
  draft.syncAnswers.map(({ response: { errorCode, assignment } }) => [errorCode, assignment.toString()])

/** Members a and b, stable in generation 2; a leads. */
function pair(changes: Partial<GroupConfig> = {}): FoundGroup {
  const old = { apiVersion: 3, config: { ...config, ...changes } }
  const alone = after(nowhere, drafted(joinIn(nowhere, {}, { ...old, clientId: 'a' })))
  const called = after(alone, drafted(joinIn(alone, {}, { ...old, clientId: 'b' })))
  const told = after(called, drafted(joinIn(called, { memberId: 'a-new' }, old)))
  const asked = after(told, drafted(syncIn(told, 'b-new', [])))
  return after(
    asked,
    drafted(
      syncIn(asked, 'a-new', [
        { memberId: 'a-new', assignment: one },
        { memberId: 'b-new', assignment: two }
      ])
    )
  )
}

function syncIn(
  group: FoundGroup,
  memberId: string,
  assignments: readonly { memberId: string; assignment: Buffer }[],
  generationId = group.round?.generation ?? 0
) {
  const request = syncRequest({ memberId, generationId, assignments: [...assignments] })
  return sync(group, request, { nowMs, config, waiter: nextWaiter++, apiVersion: 5 })
}

test('a new member gets its id first, and the new group is written empty', () => {
  const draft = drafted(joinIn(nowhere, {}))
  assert.deepEqual(responses(draft), [refusal(ErrorCode.MEMBER_ID_REQUIRED, 'client-new')])
  const value = { protocolType: '', generation: 0, protocol: null, leader: null, members: [] }
  assert.deepEqual(readable(draft.records), [
    { kind: 'group', groupId: 'g', value: { ...value, currentStateTimestamp: nowMs } }
  ])
  assert.deepEqual([...draft.sessions], [['client-new', 10_000]])
  assert.equal(draft.round.state, 'Empty')
})

test('a member that comes back with its id is told the first generation at once', () => {
  const group = after(nowhere, drafted(joinIn(nowhere, {})))
  const draft = drafted(joinIn(group, { memberId: 'client-new' }))
  assert.deepEqual(responses(draft), [joined('client-new', 1, 'client-new', ['client-new'])])
  assert.deepEqual(draft.records, [])
  assert.deepEqual([...draft.sessions], [['client-new', 10_000]])
  assert.deepEqual(draft.round.timer, { kind: 'sync', delayMs: 60_000 })
})

test('before version 4 the first request is enough', () => {
  const draft = drafted(joinIn(nowhere, {}, { apiVersion: 0 }))
  assert.deepEqual(responses(draft), [joined('client-new', 1, 'client-new', ['client-new'])])
  assert.equal(draft.records.length, 1)
  assert.equal(draft.round.members.get('client-new')?.rebalanceTimeoutMs, 10_000)
})

test('a decision leaves the group that it was made for as it was', () => {
  const group = pair()
  const before = structuredClone(group)
  drafted(joinIn(group, { memberId: 'a-new' }))
  drafted(leave(group, [{ memberId: 'b-new', groupInstanceId: null }], { nowMs, config }).draft)
  drafted(expireSession(group, 'a-new', { nowMs, config }))
  assert.deepEqual(structuredClone(group), before)
})

test('the same request on the same group at the same time gives the same decision', () => {
  const group = pair()
  const decision = () => {
    const draft = drafted(leave(group, [{ memberId: 'a-new', groupInstanceId: null }], { nowMs, config }).draft)
    return { ...draft, records: readable(draft.records) }
  }
  assert.deepEqual(decision(), decision())
})

test('the leader that syncs writes the group and gives everyone who waits its share', () => {
  const group = pair()
  const member = { clientHost: '/::1', rebalanceTimeoutMs: 60_000, sessionTimeoutMs: 10_000, groupInstanceId: null }
  assert.deepEqual(group.metadata, {
    kind: 'classic',
    protocolType: 'consumer',
    generation: 2,
    protocol: 'range',
    leader: 'a-new',
    stateTimestampMs: nowMs,
    members: new Map([
      ['a-new', { ...member, memberId: 'a-new', clientId: 'a', subscription, assignment: one }],
      ['b-new', { ...member, memberId: 'b-new', clientId: 'b', subscription, assignment: two }]
    ])
  })
  assert.equal(group.round?.state, 'Stable')
  assert.equal(group.round?.timer, null)
})

const refusedJoins: readonly [string, Parameters<typeof joinRequest>[0], number][] = [
  ['an empty group id', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
  ['a session that is too short', { sessionTimeoutMs: 5999 }, ErrorCode.INVALID_SESSION_TIMEOUT],
  ['a session that is too long', { sessionTimeoutMs: 1_800_001 }, ErrorCode.INVALID_SESSION_TIMEOUT],
  [
    'an instance id that leaves no room for a member id',
    { groupInstanceId: 'i'.repeat(0x7fff) },
    ErrorCode.UNKNOWN_SERVER_ERROR
  ]
]
for (const [what, changes, errorCode] of refusedJoins) {
  test(`joining with ${what} makes no group`, () => assert.equal(joinIn(nowhere, changes), errorCode))
}

test('a member id of a group that is not there is unknown', () => {
  assert.equal(joinIn(nowhere, { memberId: 'who' }), ErrorCode.UNKNOWN_MEMBER_ID)
})

const answersInStable: readonly [string, Parameters<typeof joinRequest>[0], object][] = [
  ['another protocol type', { protocolType: 'connect' }, refusal(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)],
  [
    'no protocol in common',
    { protocols: [{ name: 'x', metadata: one }] },
    refusal(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  ],
  ['a member id that nobody has', { memberId: 'who' }, refusal(ErrorCode.UNKNOWN_MEMBER_ID, 'who')],
  [
    'an instance id that nobody has',
    { memberId: 'a-new', groupInstanceId: 'i' },
    refusal(ErrorCode.UNKNOWN_MEMBER_ID, 'a-new')
  ],
  ['the same metadata as a follower', { memberId: 'b-new' }, joined('b-new', 2, 'a-new')]
]
for (const [what, changes, answer] of answersInStable) {
  test(`joining a stable group with ${what} is answered at once and changes nothing`, () => {
    const group = pair()
    const draft = drafted(joinIn(group, changes))
    assert.deepEqual(responses(draft), [answer])
    assert.deepEqual(draft.records, [])
    assert.deepEqual(draft.round, group.round)
  })
}

test('a leader that joins again calls for a rebalance, and so does changed metadata', () => {
  for (const changes of [{ memberId: 'a-new' }, { memberId: 'b-new', protocols: [{ name: 'range', metadata: two }] }]) {
    const draft = drafted(joinIn(pair(), changes))
    assert.deepEqual(responses(draft), [])
    assert.equal(draft.round.state, 'PreparingRebalance')
    assert.deepEqual(draft.round.timer, { kind: 'join', delayMs: 60_000 })
  }
})

test('members that did not join in time are left behind, and one that did becomes the leader', () => {
  const group = pair()
  const called = after(
    group,
    drafted(joinIn(group, { memberId: 'b-new', protocols: [{ name: 'range', metadata: two }] }))
  )
  const draft = draftOf(called, { nowMs, config })
  timerExpired(draft)
  const members = [{ memberId: 'b-new', groupInstanceId: null, metadata: two }]
  assert.deepEqual(responses(draft), [{ ...joined('b-new', 3, 'b-new'), members }])
  assert.deepEqual(
    [...draft.sessions],
    [
      ['a-new', null],
      ['b-new', 10_000]
    ]
  )
})

test('members that never sync are removed, and the others called again', () => {
  const group = pair()
  const called = after(group, drafted(joinIn(group, { memberId: 'a-new' })))
  const told = after(called, drafted(joinIn(called, { memberId: 'b-new' })))
  const waiting = after(told, drafted(syncIn(told, 'b-new', [])))
  const draft = draftOf(waiting, { nowMs, config })
  timerExpired(draft)
  assert.deepEqual(syncResponses(draft), [[ErrorCode.REBALANCE_IN_PROGRESS, '']])
  assert.deepEqual([...draft.round.members.keys()], ['b-new'])
  assert.equal(draft.round.state, 'PreparingRebalance')
})

test('syncing is refused to whoever is not of this generation', () => {
  const group = pair()
  const trying = (changes: Parameters<typeof syncRequest>[0], apiVersion = 5) =>
    sync(group, syncRequest({ memberId: 'a-new', generationId: 2, ...changes }), {
      nowMs,
      config,
      waiter: 0,
      apiVersion
    })
  assert.equal(trying({ generationId: 1 }), ErrorCode.ILLEGAL_GENERATION)
  assert.equal(trying({ memberId: 'who' }), ErrorCode.UNKNOWN_MEMBER_ID)
  assert.equal(trying({ protocolName: 'sticky' }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  assert.equal(trying({ protocolName: null }), ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  assert.equal(trying({ groupId: '' }), ErrorCode.INVALID_GROUP_ID)
  assert.equal(sync(nowhere, syncRequest(), { nowMs, config, waiter: 0, apiVersion: 5 }), ErrorCode.UNKNOWN_MEMBER_ID)
  assert.deepEqual(syncResponses(drafted(trying({ protocolName: null }, 4))), [[ErrorCode.NONE, 'one']])
})

test('the last member that leaves empties the group, and that is written', () => {
  const { answer, draft } = leave(
    pair(),
    ['a-new', 'b-new', 'b-new'].map((memberId) => ({ memberId, groupInstanceId: null })),
    { nowMs: nowMs + 5, config }
  )
  const left = (memberId: string, errorCode: number) => ({ memberId, groupInstanceId: null, errorCode })
  const members = [left('a-new', 0), left('b-new', 0), left('b-new', ErrorCode.UNKNOWN_MEMBER_ID)]
  assert.deepEqual(answer, { errorCode: ErrorCode.NONE, members })
  const value = { protocolType: 'consumer', generation: 3, protocol: null, leader: null, members: [] }
  assert.deepEqual(readable(drafted(draft).records), [
    { kind: 'group', groupId: 'g', value: { ...value, currentStateTimestamp: nowMs + 5 } }
  ])
})

test('a full group takes no new member, but lets its own join again', () => {
  const full = { config: { ...config, maxSize: 2 } }
  const group = pair({ maxSize: 2 })
  assert.deepEqual(responses(drafted(joinIn(group, {}, full))), [refusal(ErrorCode.GROUP_MAX_SIZE_REACHED)])
  assert.deepEqual(responses(drafted(joinIn(group, { memberId: 'b-new' }, full))), [joined('b-new', 2, 'a-new')])
})

test('the protocol is the one that most members like best among those that all know', () => {
  const named = (...names: string[]) => names.map((name) => ({ name, metadata: subscription }))
  const old = { apiVersion: 3 }
  const alone = after(nowhere, drafted(joinIn(nowhere, { protocols: named('x', 'y', 'z') }, { ...old, clientId: 'a' })))
  const more = after(alone, drafted(joinIn(alone, { protocols: named('z', 'y') }, { ...old, clientId: 'b' })))
  const most = after(more, drafted(joinIn(more, { protocols: named('q', 'z', 'y') }, { ...old, clientId: 'c' })))
  const refused = drafted(joinIn(most, { protocols: named('x') }, old))
  assert.deepEqual(responses(refused), [refusal(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)])
  const draft = drafted(joinIn(most, { memberId: 'a-new', protocols: named('x', 'y', 'z') }, old))
  assert.deepEqual(new Set(responses(draft).map(({ protocolName }) => protocolName)), new Set(['z']))
})

/** One static member, stable. */
function stationary(): FoundGroup {
  const told = after(nowhere, drafted(joinIn(nowhere, { groupInstanceId: 'i' }, { uuid: 'old' })))
  const request = syncRequest({
    memberId: 'i-old',
    groupInstanceId: 'i',
    assignments: [{ memberId: 'i-old', assignment: one }]
  })
  return after(told, drafted(sync(told, request, { nowMs, config, waiter: nextWaiter++, apiVersion: 5 })))
}

test('a static member that starts again keeps its assignment under a new id, which is written', () => {
  const group = stationary()
  const draft = drafted(joinIn(group, { groupInstanceId: 'i' }))
  const members = [{ memberId: 'i-new', groupInstanceId: 'i', metadata: subscription }]
  assert.deepEqual(responses(draft), [{ ...joined('i-new', 1, 'i-new'), members, skipAssignment: true }])
  const member = after(group, draft).metadata?.members.get('i-new')
  assert.deepEqual(member?.assignment, one)
  assert.equal(draft.round.state, 'Stable')
})

test('before version 9 a restarted static leader is told that somebody else leads', () => {
  const draft = drafted(joinIn(stationary(), { groupInstanceId: 'i' }, { apiVersion: 8 }))
  assert.deepEqual(responses(draft), [joined('i-new', 1, 'i-old')])
})

test('the former self of a static member is fenced', () => {
  const group = stationary()
  const moved = after(group, drafted(joinIn(group, { groupInstanceId: 'i' })))
  const draft = drafted(joinIn(moved, { memberId: 'i-old', groupInstanceId: 'i' }))
  assert.deepEqual(responses(draft), [refusal(ErrorCode.FENCED_INSTANCE_ID, 'i-old')])
})

test('a static member leaves by its instance id alone, even an empty one; who names nobody is nobody', () => {
  const group = drafted(joinIn(nowhere, { groupInstanceId: '' }))
  const named = [null, 'other', '', ''].map((groupInstanceId) => ({ memberId: '', groupInstanceId }))
  const { answer } = leave(after(nowhere, group), named, { nowMs, config })
  const { UNKNOWN_MEMBER_ID, NONE } = ErrorCode
  assert.deepEqual(
    answer.members?.map(({ errorCode }) => errorCode),
    [UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID, NONE, UNKNOWN_MEMBER_ID]
  )
})

test('the first member waits for one that has its id already, and for a moment only', () => {
  const firstId = after(nowhere, drafted(joinIn(nowhere, {}, { clientId: 'a' })))
  const bothIds = after(firstId, drafted(joinIn(firstId, {}, { clientId: 'b' })))
  const first = drafted(joinIn(bothIds, { memberId: 'a-new' }))
  assert.deepEqual(responses(first), [])
  assert.deepEqual(first.round.timer, { kind: 'join', delayMs: limits.announcedMemberJoinMs })
  const both = drafted(joinIn(after(bothIds, first), { memberId: 'b-new' }))
  assert.deepEqual(responses(both), [joined('a-new', 1, 'a-new', ['a-new', 'b-new']), joined('b-new', 1, 'a-new')])
  const alone = draftOf(after(bothIds, first), { nowMs, config })
  timerExpired(alone)
  assert.deepEqual(responses(alone), [joined('a-new', 1, 'a-new', ['a-new'])])
})

test('with an initial delay the first members wait for each other, and longer when more come', () => {
  const slow = { config: { ...config, initialRebalanceDelayMs: 3000 }, apiVersion: 3 }
  const alone = after(nowhere, drafted(joinIn(nowhere, { rebalanceTimeoutMs: 5000 }, { ...slow, clientId: 'a' })))
  assert.deepEqual(alone.round?.timer, { kind: 'initial-rebalance', delayMs: 3000, remainingMs: 2000 })
  const both = after(alone, drafted(joinIn(alone, { rebalanceTimeoutMs: 5000 }, { ...slow, clientId: 'b' })))
  const extended = draftOf(both, { nowMs, config: slow.config })
  timerExpired(extended)
  assert.deepEqual(extended.round.timer, { kind: 'initial-rebalance', delayMs: 2000, remainingMs: 0 })
  const done = draftOf(after(both, extended), { nowMs, config: slow.config })
  timerExpired(done)
  assert.deepEqual(responses(done), [joined('a-new', 1, 'a-new', ['a-new', 'b-new']), joined('b-new', 1, 'a-new')])
})
