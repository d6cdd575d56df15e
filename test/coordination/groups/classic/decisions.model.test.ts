/**
 * Two clients and one group, in every order: all that can happen is tried in every state that can be reached, on the real
 * decisions. States that differ only in names and in the number of the generation count as one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Draft, draftOf, type FoundGroup } from '../../../../src/coordination/groups/classic/draft.ts'
import { join } from '../../../../src/coordination/groups/classic/join.ts'
import { expireSession, leave } from '../../../../src/coordination/groups/classic/leave.ts'
import { timerExpired } from '../../../../src/coordination/groups/classic/rebalance.ts'
import { sync } from '../../../../src/coordination/groups/classic/sync.ts'
import { type Round, roundFromLog } from '../../../../src/coordination/groups/classic/waiting.ts'
import { replay } from '../../../../src/coordination/groups/replay.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import { config as defaults, joinRequest, syncRequest } from '../setup.ts'

interface Client {
  readonly memberId: string
  readonly generation: number
  readonly isLeader: boolean
  readonly others: readonly string[]
  /** The request whose answer it waits for; null: it is free to ask. */
  readonly waiter: number | null
}

interface World {
  readonly group: FoundGroup
  readonly clients: readonly Client[]
  /** Every request whose answer is owed, also to clients that were started again since. */
  readonly owed: ReadonlySet<number>
  readonly path: readonly string[]
}

interface Variant {
  readonly name: string
  readonly instanceIds: readonly (string | null)[]
  readonly apiVersion: number
  readonly initialRebalanceDelayMs: number
  readonly maxSize: number
  readonly depth: number
}

const nowMs = 0
const fresh: Client = { memberId: '', generation: -1, isLeader: false, others: [], waiter: null }

let nextNumber = 1

function everyStep(world: World, variant: Variant): World[] {
  const config = { ...defaults, initialRebalanceDelayMs: variant.initialRebalanceDelayMs, maxSize: variant.maxSize }
  const { group, clients } = world
  const next: World[] = []
  const go = (name: string, step: () => World) => next.push({ ...step(), path: [...world.path, name] })
  for (const [slot, client] of clients.entries()) {
    const groupInstanceId = variant.instanceIds[slot] ?? null
    if (client.waiter === null) {
      go(`join ${slot}`, () => {
        const waiter = nextNumber++
        const circumstances = { nowMs, config, waiter, clientId: `c${slot}`, clientHost: '', uuid: `${nextNumber++}` }
        const request = joinRequest({ memberId: client.memberId, groupInstanceId })
        const decided = join(group, request, { ...circumstances, apiVersion: variant.apiVersion })
        return ask(world, slot, waiter, decided)
      })
      if (client.generation >= 0) {
        go(`sync ${slot}`, () => {
          const waiter = nextNumber++
          const assignments = client.others.map((memberId) => ({ memberId, assignment: Buffer.from(memberId) }))
          const { memberId, generation: generationId } = client
          const request = syncRequest({ memberId, groupInstanceId, generationId, assignments })
          return ask(world, slot, waiter, sync(group, request, { nowMs, config, waiter, apiVersion: 5 }))
        })
      }
    }
    if (client.memberId !== '') {
      go(`leave ${slot}`, () => {
        const { draft } = leave(group, [{ memberId: client.memberId, groupInstanceId }], { nowMs, config })
        const gone = draft === null ? world : take(world, draft)
        return {
          ...gone,
          clients: gone.clients.with(slot, { ...(gone.clients[slot] ?? fresh), memberId: '', generation: -1 })
        }
      })
      go(`start ${slot} again`, () => ({ ...world, clients: clients.with(slot, fresh) }))
    }
  }
  for (const memberId of [...(group.round?.members.keys() ?? []), ...(group.round?.pendingMembers ?? [])]) {
    go(`session of ${memberId} runs out`, () => {
      const draft = expireSession(group, memberId, { nowMs, config })
      return draft === null ? world : take(world, draft)
    })
  }
  if (group.round?.timer) {
    go(`${group.round.timer.kind} timer runs out`, () => {
      const draft = draftOf(group, { nowMs, config })
      timerExpired(draft)
      return take(world, draft)
    })
  }
  if (group.metadata !== undefined) go('the broker restarts', () => restarted(world))
  return next
}

function ask(world: World, slot: number, waiter: number, decided: Draft | number): World {
  const client = world.clients[slot] ?? fresh
  if (typeof decided === 'number') {
    const isLost = decided === ErrorCode.UNKNOWN_MEMBER_ID || decided === ErrorCode.FENCED_INSTANCE_ID
    return { ...world, clients: world.clients.with(slot, isLost ? fresh : { ...client, generation: -1 }) }
  }
  const asking = {
    ...world,
    clients: world.clients.with(slot, { ...client, waiter }),
    owed: new Set([...world.owed, waiter])
  }
  return take(asking, decided)
}

/** Takes a decision over as the coordinator does, and gives the clients their answers. */
function take(world: World, draft: Draft): World {
  const state = new GroupsState()
  const { groupId, metadata } = world.group
  if (metadata !== undefined) state.groups.set(groupId, metadata)
  for (const record of draft.records) replay(state, record, { offset: 0, producerId: null })
  const owed = new Set(world.owed)
  let clients = world.clients
  const answered = (waiter: number, become: (client: Client) => Client) => {
    assert.ok(owed.delete(waiter), 'nobody waits for this answer')
    clients = clients.map((client) => (client.waiter === waiter ? { ...become(client), waiter: null } : client))
  }
  for (const { waiter, response } of draft.joinAnswers) {
    const { errorCode, memberId, generationId = -1, leader, members } = response
    if (errorCode === ErrorCode.NONE) {
      assert.equal(generationId, draft.round.generation)
      assert.ok(leader === memberId || members.length === 0, 'only the leader learns who the members are')
    }
    answered(waiter, (client) => {
      if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) return { ...fresh, memberId }
      if (errorCode !== ErrorCode.NONE) return errorCode === ErrorCode.REBALANCE_IN_PROGRESS ? client : fresh
      const others = members.map((member) => member.memberId)
      return { ...client, memberId, generation: generationId, isLeader: leader === memberId, others }
    })
  }
  for (const { waiter, response } of draft.syncAnswers) {
    answered(waiter, (client) => {
      const assignment = response.assignment.toString()
      assert.ok(assignment === '' || !client.waiter || isOwn(assignment, client, draft), 'somebody else’s assignment')
      return response.errorCode === ErrorCode.NONE ? client : { ...client, generation: -1 }
    })
  }
  return { ...world, clients, owed, group: { groupId, metadata: state.classic(groupId), round: draft.round } }
}

/** A static member that took over its place has what its former self was given. */
function isOwn(assignment: string, { memberId }: Client, { round }: Draft): boolean {
  const instanceId = round.members.get(memberId)?.groupInstanceId
  return assignment === memberId || (typeof instanceId === 'string' && assignment.startsWith(`${instanceId}-`))
}

/** Connections break: nothing is owed any more, and the group is what the log says. */
function restarted(world: World): World {
  const { groupId, metadata } = world.group
  return {
    ...world,
    clients: world.clients.map((client) => ({ ...client, waiter: null })),
    owed: new Set(),
    group: { groupId, metadata, round: metadata === undefined ? undefined : roundFromLog(metadata) }
  }
}

function check({ group: { metadata, round }, owed }: World, before: World): void {
  if (round === undefined) {
    assert.equal(owed.size, 0)
    return
  }
  const members = [...round.members.values()]
  const waiting = members.flatMap(({ joinWaiter, syncWaiter }) =>
    [joinWaiter, syncWaiter].filter((waiter) => waiter !== null)
  )
  assert.deepEqual(new Set(waiting), owed, 'whoever is owed an answer waits in the round, and nobody else')
  assert.equal(waiting.length, owed.size)
  assert.equal(round.leader === null, members.length === 0)
  assert.ok(round.leader === null || round.members.has(round.leader))
  assert.equal(round.state === 'Empty', members.length === 0 && round.state !== 'PreparingRebalance')
  const hasRestarted = before.group.round !== undefined && before.group.round.generation > round.generation
  if (hasRestarted) assert.equal(round.generation, metadata?.generation)
  for (const memberId of round.pendingSyncMembers) assert.ok(round.members.has(memberId))
  for (const memberId of round.pendingMembers) assert.ok(!round.members.has(memberId))
  const statics = members.filter(({ groupInstanceId }) => groupInstanceId !== null)
  assert.deepEqual(
    round.staticMembers,
    new Map(statics.map(({ groupInstanceId, memberId }) => [groupInstanceId, memberId]))
  )
  if (round.state === 'PreparingRebalance') {
    assert.ok(round.timer, 'a rebalance ends by itself')
    assert.ok(
      members.every(({ syncWaiter }) => syncWaiter === null),
      'whoever waited for an assignment was called back'
    )
  }
  if (round.state === 'CompletingRebalance') {
    assert.ok(members.every(({ joinWaiter }) => joinWaiter === null))
    assert.ok(round.timer !== null || round.pendingSyncMembers.size === 0, 'a leader that never syncs is found out')
    assert.ok(round.pendingSyncMembers.has(round.leader ?? ''), 'the group waits for its leader')
  }
  if (round.state === 'Stable' || round.state === 'Empty') {
    assert.equal(owed.size, 0, 'nobody waits in a group at rest')
    assert.equal(metadata?.generation, round.generation)
    assert.deepEqual([...(metadata?.members.keys() ?? [])].sort(), [...round.members.keys()].sort())
    assert.equal(metadata?.leader ?? null, round.leader)
    assertSameAsLog(round, metadata === undefined ? round : roundFromLog(metadata))
    const assigned = [...(metadata?.members.values() ?? [])].map(({ assignment }) => assignment.toString())
    const given = assigned.filter((assignment) => assignment !== '')
    assert.equal(new Set(given).size, given.length, 'no two members have the same assignment')
  }
}

/** What a restart would make of a group at rest. */
function assertSameAsLog(round: Round, fromLog: Round): void {
  const lasting = ({ state, generation, protocolType, protocol, leader, subscribedTopics }: Round) => {
    return { state, generation, protocolType, protocol, leader, subscribedTopics }
  }
  assert.deepEqual(lasting(fromLog), lasting(round))
}

/** The state without names: ids and requests are numbered in the order of their appearance. */
function fingerprint({ group: { metadata, round }, clients, owed }: World): string {
  const names = new Map<string | number, number>()
  const name = (id: string | number | null) => {
    if (id === null || id === '') return null
    if (!names.has(id)) names.set(id, names.size)
    return names.get(id)
  }
  const generation = round?.generation ?? 0
  const known = clients.map(({ memberId, generation: of, isLeader, others, waiter }) => [
    ...[name(memberId), Math.max(of - generation, -2), isLeader, others.map(name), name(waiter)]
  ])
  const members = [...(round?.members.values() ?? [])].map(
    ({ memberId, isNew, joinWaiter, syncWaiter, groupInstanceId }) => [
      ...[name(memberId), isNew, name(joinWaiter), name(syncWaiter), groupInstanceId]
    ]
  )
  const inLog = [...(metadata?.members.values() ?? [])].map(({ memberId, assignment }) => [
    name(memberId),
    assignment.length > 0
  ])
  const pending = [[...(round?.pendingMembers ?? [])].map(name), [...(round?.pendingSyncMembers ?? [])].map(name)]
  const rest = [round?.state, round?.isInitialRebalance, round?.hasNewMember, round?.protocolType, round?.timer?.kind]
  const log = [metadata === undefined, generation - (metadata?.generation ?? 0), name(metadata?.leader ?? null), inLog]
  return JSON.stringify([known, members, name(round?.leader ?? null), pending, rest, log, [...owed].map(name)])
}

const variants: readonly Variant[] = [
  {
    name: 'dynamic members',
    instanceIds: [null, null],
    apiVersion: 9,
    initialRebalanceDelayMs: 0,
    maxSize: 10,
    depth: 9
  },
  { name: 'old clients', instanceIds: [null, null], apiVersion: 3, initialRebalanceDelayMs: 0, maxSize: 10, depth: 9 },
  {
    name: 'a static and a dynamic member',
    instanceIds: ['i', null],
    apiVersion: 9,
    initialRebalanceDelayMs: 0,
    maxSize: 10,
    depth: 9
  },
  {
    name: 'two static members',
    instanceIds: ['i', 'j'],
    apiVersion: 9,
    initialRebalanceDelayMs: 0,
    maxSize: 10,
    depth: 9
  },
  {
    name: 'two with one instance id',
    instanceIds: ['i', 'i'],
    apiVersion: 9,
    initialRebalanceDelayMs: 0,
    maxSize: 10,
    depth: 9
  },
  {
    name: 'an initial delay',
    instanceIds: [null, null],
    apiVersion: 3,
    initialRebalanceDelayMs: 100,
    maxSize: 10,
    depth: 9
  },
  {
    name: 'a group for one',
    instanceIds: [null, null],
    apiVersion: 9,
    initialRebalanceDelayMs: 0,
    maxSize: 1,
    depth: 9
  }
]

/** Enough to be thorough, few enough to be quick. */
const statesAtMost = 6000

for (const variant of variants) {
  test(`every order of events keeps a group sound: ${variant.name}`, () => {
    const start: World = {
      group: { groupId: 'g', metadata: undefined, round: undefined },
      clients: [fresh, fresh],
      owed: new Set(),
      path: []
    }
    const seen = new Set([fingerprint(start)])
    let edge = [start]
    for (let depth = 0; depth < variant.depth && edge.length > 0 && seen.size < statesAtMost; depth++) {
      const next: World[] = []
      for (const world of edge) {
        for (const reached of everyStepOrTell(world, variant)) {
          const print = fingerprint(reached)
          if (seen.has(print)) continue
          seen.add(print)
          next.push(reached)
        }
      }
      edge = next
    }
    assert.ok(seen.size > 50, `only ${seen.size} states`)
  })
}

function everyStepOrTell(world: World, variant: Variant): World[] {
  let reached: World = world
  try {
    const steps = everyStep(world, variant)
    for (reached of steps) check(reached, world)
    return steps
  } catch (error) {
    throw new Error(`after ${reached.path.join(', ')}`, { cause: error })
  }
}
