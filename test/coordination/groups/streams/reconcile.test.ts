import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemberState,
  newStreamsMember,
  type StreamsMember
} from '../../../../src/coordination/groups/streams/member.ts'
import { reconcile } from '../../../../src/coordination/groups/streams/reconcile.ts'
import { StreamsGroup } from '../../../../src/coordination/groups/streams/state.ts'
import { type HeldTasks, roles, type Tasks, tasksOf } from '../../../../src/coordination/groups/streams/tasks.ts'
import * as fc from '../../../harness/properties.ts'

const taskCount = 5
const memberIds = ['a', 'b', 'c'] as const
/** The first two are threads of one process. */
const processOf = { a: 'p', b: 'p', c: 'q' }

function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  const member = group.members.get(memberId)
  assert.ok(member)
  return member
}

function groupOfThree(): StreamsGroup {
  const group = new StreamsGroup('g')
  for (const id of memberIds) group.putMember({ ...newStreamsMember(id), processId: processOf[id] })
  return group
}

/** For each task who runs it and who follows it, in another process: what an assignor may come to. */
const anyTarget = fc.array(
  fc.record({
    runs: fc.constantFrom(...memberIds),
    follows: fc.constantFrom(null, ...memberIds),
    asWarmup: fc.boolean()
  }),
  { minLength: taskCount, maxLength: taskCount }
)
type AnyTarget = typeof anyTarget extends fc.Arbitrary<infer T> ? T : never

function targetOf(choices: AnyTarget, memberId: string): Tasks {
  const numbers = (is: (choice: AnyTarget[number]) => boolean) => {
    const set = new Set([...choices.keys()].filter((index) => choices[index] !== undefined && is(choices[index])))
    return set.size === 0 ? new Map() : new Map([['0', set]])
  }
  const follows = (asWarmup: boolean) =>
    numbers((choice) => {
      const isApart = choice.follows !== null && processOf[choice.follows] !== processOf[choice.runs]
      return choice.follows === memberId && isApart && choice.asWarmup === asWarmup
    })
  return { active: numbers(({ runs }) => runs === memberId), standby: follows(false), warmup: follows(true) }
}

/** What the member has, as it says: what it is assigned, once it has heard of it. */
function ownedBy({ assigned }: StreamsMember): Tasks {
  return { ...assigned, active: new Map(Array.from(assigned.active, ([id, epochs]) => [id, new Set(epochs.keys())])) }
}

/** One heartbeat of the member: it owns all it had, or has done what it was told. */
function step(group: StreamsGroup, memberId: string, target: Tasks, targetEpoch: number, hasDone: boolean): void {
  const member = memberOf(group, memberId)
  const owned = hasDone ? ownedBy(member) : null
  const next = reconcile({ member, target, targetEpoch, owned, owners: group })
  assert.ok(!('errorCode' in next))
  group.putMember(next)
}

function checkOwners(group: StreamsGroup): void {
  for (let partition = 0; partition < taskCount; partition++) {
    const has = (held: HeldTasks, role: (typeof roles)[number]) => held[role].get('0')?.has(partition) === true
    const holds = (member: StreamsMember, role: (typeof roles)[number]) =>
      has(member.assigned, role) || has(member.pendingRevocation, role)
    const members = [...group.members.values()]
    const running = members.filter((member) => holds(member, 'active'))
    assert.ok(running.length <= 1, `task ${partition} is run by ${running.map(({ memberId }) => memberId)}`)
    const holding = members.filter((member) => roles.some((role) => holds(member, role)))
    const processes = holding.map(({ processId }) => processId)
    assert.equal(new Set(processes).size, processes.length, `task ${partition} is twice in one process`)
  }
}

test('whatever the targets are, no task is run twice and no process has one twice, and all get there', () => {
  const anyRun = fc.record({
    targets: fc.array(anyTarget, { minLength: 1, maxLength: 4 }),
    steps: fc.array(fc.record({ memberId: fc.constantFrom(...memberIds), hasDone: fc.boolean() }), { maxLength: 30 })
  })
  fc.assert(
    fc.property(anyRun, ({ targets, steps }) => {
      const group = groupOfThree()
      const perTarget = Math.ceil(steps.length / targets.length)
      for (const [index, choices] of targets.entries()) {
        for (const { memberId, hasDone } of steps.slice(index * perTarget, (index + 1) * perTarget)) {
          step(group, memberId, targetOf(choices, memberId), index + 2, hasDone)
          checkOwners(group)
        }
      }
      const last = targets.at(-1) ?? []
      for (let round = 0; round < 12; round++) {
        for (const memberId of memberIds) {
          step(group, memberId, targetOf(last, memberId), targets.length + 1, true)
          checkOwners(group)
        }
      }
      for (const memberId of memberIds) {
        const { state, epoch, assigned } = memberOf(group, memberId)
        assert.deepEqual([state, epoch], [MemberState.stable, targets.length + 1])
        const target = targetOf(last, memberId)
        for (const role of roles) {
          const numbers = (tasks: Parameters<typeof tasksOf>[0]) =>
            Array.from(tasksOf(tasks), ([, number]) => number).sort()
          assert.deepEqual(numbers(assigned[role]), numbers(target[role]))
        }
      }
    }),
    { numRuns: 300 }
  )
})

test('a task that is to be standby where it is run is standby at once, and given up as active', () => {
  const group = groupOfThree()
  const active = { active: new Map([['0', new Set([0])]]), standby: new Map(), warmup: new Map() }
  step(group, 'a', active, 2, true)
  step(group, 'a', { ...active, active: new Map(), standby: active.active }, 3, false)
  const member = memberOf(group, 'a')
  assert.equal(member.state, MemberState.unrevokedTasks)
  assert.equal(member.epoch, 2)
  assert.deepEqual([...tasksOf(member.assigned.standby)], [['0', 0]])
  assert.deepEqual([...tasksOf(member.pendingRevocation.active)], [['0', 0]])
})

test('a member in a state of a later Kafka begins anew once it owns nothing', () => {
  const group = groupOfThree()
  group.putMember({ ...memberOf(group, 'a'), state: 9, epoch: 3 })
  const nothing: Tasks = { active: new Map(), standby: new Map(), warmup: new Map() }
  const beat = (owned: Tasks | null) =>
    reconcile({ member: memberOf(group, 'a'), target: nothing, targetEpoch: 4, owned, owners: group })
  assert.ok('errorCode' in beat(null))
  const next = beat(nothing)
  assert.ok(!('errorCode' in next))
  assert.deepEqual([next.state, next.epoch], [MemberState.stable, 4])
})
