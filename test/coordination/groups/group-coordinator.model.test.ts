/**
 * Many clients of one group under chance: they start, crash, leave, fall silent; the broker restarts. Whatever happened, once
 * it is calm the group is stable, every living client is in it, and no two of them have the same assignment.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GroupCoordinator } from '../../../src/coordination/groups/group-coordinator.ts'
import type { ManualClock } from '../../../src/host/memory/clock.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import * as fc from '../../harness/properties.ts'
import { caller, coordinatorOn, heartbeatRequest, joinRequest, setup, subscription, syncRequest } from './setup.ts'

const sessionTimeoutMs = 10_000
const rebalanceTimeoutMs = 20_000

/** A consumer as Kafka's are: joins, syncs, sends heartbeats, and begins again when it is told to. */
class Client {
  readonly groupInstanceId: string | null
  readonly apiVersion: number
  memberId = ''
  generationId = -1
  assignment: string | null = null
  isAlive = false
  /** What it was before it was last started does not hear answers any more. */
  #life = 0
  #isWaiting = false
  answers = 0
  questions = 0

  constructor(groupInstanceId: string | null, apiVersion: number) {
    this.groupInstanceId = groupInstanceId
    this.apiVersion = apiVersion
  }

  start(): void {
    if (this.isAlive) return
    this.isAlive = true
    this.memberId = ''
    this.#disconnect()
  }

  crash(): void {
    this.isAlive = false
    this.#disconnect()
  }

  leave(coordinator: GroupCoordinator): void {
    if (!this.isAlive) return
    const { memberId, groupInstanceId } = this
    this.#ask(coordinator.leaveGroup('g', [{ memberId, groupInstanceId }]), () => {})
    this.crash()
  }

  /** The connection is lost; the client lives on. */
  #disconnect(): void {
    this.#life += 1
    this.#isWaiting = false
    this.assignment = null
    this.generationId = -1
  }

  reconnect(): void {
    if (this.#isWaiting) this.#disconnect()
  }

  /** Does what is next, unless it waits for an answer. */
  act(coordinator: GroupCoordinator): void {
    if (!this.isAlive || this.#isWaiting) return
    if (this.assignment === null) this.#join(coordinator)
    else this.#heartbeat(coordinator)
  }

  #join(coordinator: GroupCoordinator): void {
    const { memberId, groupInstanceId } = this
    const protocols = [{ name: 'range', metadata: subscription }]
    const request = joinRequest({ memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols })
    this.#ask(coordinator.joinGroup(request, caller(this.apiVersion)), (answer) => {
      if (answer.errorCode === ErrorCode.NONE || answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.memberId = answer.memberId
      } else if (answer.errorCode !== ErrorCode.REBALANCE_IN_PROGRESS) {
        this.memberId = ''
      }
      if (answer.errorCode !== ErrorCode.NONE) return
      this.generationId = answer.generationId ?? -1
      const members = answer.skipAssignment === true ? [] : answer.members
      this.#sync(
        coordinator,
        members.map((member) => member.memberId)
      )
    })
  }

  #sync(coordinator: GroupCoordinator, members: readonly string[]): void {
    const { memberId, groupInstanceId, generationId } = this
    const assignments = members.map((id, index) => ({
      memberId: id,
      assignment: Buffer.from(`${generationId}/${index}`)
    }))
    const request = syncRequest({ memberId, groupInstanceId, generationId, assignments })
    this.#ask(coordinator.syncGroup(request, caller(5)), (answer) => {
      if (answer.errorCode === ErrorCode.NONE) this.assignment = answer.assignment.toString()
      else this.#hear(answer.errorCode)
    })
  }

  #heartbeat(coordinator: GroupCoordinator): void {
    const { memberId, groupInstanceId, generationId } = this
    const request = heartbeatRequest({ memberId, groupInstanceId, generationId })
    this.#ask(coordinator.heartbeat(request), ({ errorCode }) => this.#hear(errorCode))
  }

  #hear(errorCode: number): void {
    if (errorCode === ErrorCode.NONE) return
    this.assignment = null
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.FENCED_INSTANCE_ID) this.memberId = ''
  }

  #ask<Answer>(question: Promise<Answer>, then: (answer: Answer) => void): void {
    const life = this.#life
    this.#isWaiting = true
    this.questions += 1
    question.then((answer) => {
      this.answers += 1
      if (life !== this.#life) return
      this.#isWaiting = false
      then(answer)
    })
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

type Event = 'start' | 'crash' | 'leave' | 'act' | 'reconnect' | 'wait' | 'restart'
const kinds: Event[] = ['start', 'start', 'crash', 'leave', 'act', 'act', 'act', 'reconnect', 'wait', 'restart']
const event = fc.record({ kind: fc.constantFrom(...kinds), which: fc.nat(4), ms: fc.nat(15_000) })

function clients(): Client[] {
  return [new Client(null, 9), new Client(null, 3), new Client('i', 9), new Client('j', 8), new Client(null, 9)]
}

test('whatever happens to its clients and its broker, a group comes to rest with all who live', async () => {
  const property = fc.asyncProperty(
    fc.array(event, { maxLength: 80 }),
    fc.constantFrom(0, 3000),
    async (events, initialRebalanceDelayMs) => {
      const { log, clock, coordinator: first } = await setup({ initialRebalanceDelayMs })
      let coordinator = first
      const all = clients()
      for (const { kind, which, ms } of events) {
        const client = all[which]
        if (kind === 'restart') {
          coordinator.close()
          coordinator = await coordinatorOn(log, clock, { initialRebalanceDelayMs })
        } else if (kind === 'wait') clock.advance(ms)
        else if (kind === 'act') client?.act(coordinator)
        else if (kind === 'leave') client?.leave(coordinator)
        else client?.[kind]()
        await settled()
      }
      await calmDown(coordinator, clock, all)
      await assertAtRest(coordinator, all)
      coordinator.close()
      await settled()
      for (const { questions, answers } of all) assert.equal(answers, questions, 'each request got its answer')
      await assertSameAfterRestart(await coordinatorOn(log, clock), all)
    }
  )
  await fc.assert(property, { numRuns: 100 })
})

/** Long enough for every session and every rebalance to run out, with all who live at work. */
async function calmDown(coordinator: GroupCoordinator, clock: ManualClock, all: readonly Client[]): Promise<void> {
  for (let count = 0; count < 60; count++) {
    for (const client of all) client.act(coordinator)
    await settled()
    await settled()
    clock.advance(2000)
    await settled()
  }
}

async function assertAtRest(coordinator: GroupCoordinator, all: readonly Client[]): Promise<void> {
  const living = all.filter(({ isAlive }) => isAlive)
  const { groupState, members } = await coordinator.describe('g')
  const ids = members.map(({ memberId }) => memberId)
  if (living.length === 0) {
    assert.ok(groupState === 'Empty' || groupState === 'Dead')
    return
  }
  assert.equal(groupState, 'Stable')
  assert.deepEqual(new Set(ids), new Set(living.map(({ memberId }) => memberId)))
  assert.equal(new Set(living.map(({ generationId }) => generationId)).size, 1)
  assert.equal(new Set(living.map(({ assignment }) => assignment)).size, living.length, 'nobody shares an assignment')
}

async function assertSameAfterRestart(coordinator: GroupCoordinator, all: readonly Client[]): Promise<void> {
  for (const { isAlive, memberId, groupInstanceId, generationId, assignment } of all) {
    if (!isAlive) continue
    const request = syncRequest({ memberId, groupInstanceId, generationId })
    const answer = await coordinator.syncGroup(request, caller(5))
    assert.deepEqual([answer.errorCode, answer.assignment.toString()], [ErrorCode.NONE, assignment])
  }
}
