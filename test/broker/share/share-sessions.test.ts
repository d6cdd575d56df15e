/** Share sessions: their epochs, what they name, and how they end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EnteredSession, keyOf, ShareSessions } from '../../../src/broker/share/share-sessions.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import * as fc from '../../harness/properties.ts'

const { INVALID_REQUEST, INVALID_SHARE_SESSION_EPOCH, SHARE_SESSION_LIMIT_REACHED, SHARE_SESSION_NOT_FOUND } = ErrorCode

const connectionOf = (id: number) => ({ id, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } })
const here = connectionOf(1)
const place = (partition: number, topicId = 't') => ({ topicId, partition })

interface Asked {
  readonly memberId?: string
  readonly epoch: number
  readonly partitions?: readonly number[]
  readonly forgotten?: readonly number[]
  readonly says?: 'something' | 'nothing'
  readonly connection?: typeof here
}

function fetch(sessions: ShareSessions, { partitions = [], forgotten = [], ...asked }: Asked): EnteredSession {
  const rest = { groupId: 'g', memberId: 'a', connection: here, says: 'nothing' as const, ...asked }
  return sessions.enterToFetch({
    ...rest,
    partitions: partitions.map((one) => place(one)),
    forgotten: forgotten.map((one) => place(one))
  })
}

function told(entered: EnteredSession): string | ErrorCode {
  if (entered.kind === 'refused') return entered.errorCode
  const partitions = Array.from(
    entered.session.partitions.values(),
    ({ partition, isToBeTold }) => `${partition}${isToBeTold ? '!' : ''}`
  )
  return `${entered.kind} ${partitions.join(' ')}`.trim()
}

test('a session is opened by 0, goes on in order, and what is new in it is to be told', () => {
  const sessions = new ShareSessions(() => 10)
  assert.equal(told(fetch(sessions, { epoch: 1 })), SHARE_SESSION_NOT_FOUND)
  assert.equal(told(fetch(sessions, { epoch: 0, partitions: [0, 1] })), 'opened 0 1')
  assert.equal(told(fetch(sessions, { epoch: 2 })), INVALID_SHARE_SESSION_EPOCH)
  assert.equal(told(fetch(sessions, { epoch: 1, partitions: [1, 2] })), 'continued 0 1 2!')
  assert.equal(told(fetch(sessions, { epoch: 2, partitions: [0], forgotten: [0, 1] })), 'continued 2!')
  assert.equal(told(fetch(sessions, { epoch: -1 })), 'ended 2!')
  assert.equal(told(fetch(sessions, { epoch: -1 })), SHARE_SESSION_NOT_FOUND)
  assert.deepEqual([sessions.size, sessions.partitions, sessions.hasMembersOf('g')], [0, 0, false])
})

test('who opens a session has nothing to say yet, and who acknowledges opens none', () => {
  const sessions = new ShareSessions(() => 10)
  assert.equal(told(fetch(sessions, { epoch: 0, says: 'something' })), INVALID_REQUEST)
  const acknowledge = (epoch: number) => told(sessions.enterToAcknowledge({ groupId: 'g', memberId: 'a', epoch }))
  assert.equal(acknowledge(0), INVALID_SHARE_SESSION_EPOCH)
  assert.equal(acknowledge(-1), SHARE_SESSION_NOT_FOUND)
  fetch(sessions, { epoch: 0, partitions: [0] })
  assert.deepEqual(
    [acknowledge(1), acknowledge(1), acknowledge(2)],
    ['continued 0', INVALID_SHARE_SESSION_EPOCH, 'continued 0']
  )
  assert.equal(told(fetch(sessions, { epoch: 3 })), 'continued 0')
  assert.equal(acknowledge(-1), 'ended 0')
})

test('so many sessions, and partitions in them, and no more', () => {
  const sessions = new ShareSessions(() => 2)
  fetch(sessions, { epoch: 0, memberId: 'a' })
  fetch(sessions, { epoch: 0, memberId: 'b' })
  assert.equal(told(fetch(sessions, { epoch: 0, memberId: 'c' })), SHARE_SESSION_LIMIT_REACHED)
  assert.equal(told(fetch(sessions, { epoch: 0, memberId: 'b' })), 'opened', 'who has one has it again')
  const many = Array.from({ length: limits.shareSessionPartitions }, (_, index) => index)
  assert.equal(fetch(sessions, { epoch: 1, memberId: 'b', partitions: many }).kind, 'continued')
  assert.equal(told(fetch(sessions, { epoch: 1, memberId: 'a', partitions: [0] })), SHARE_SESSION_LIMIT_REACHED)
  assert.deepEqual([sessions.size, sessions.partitions], [1, many.length])
})

test('after the greatest epoch comes 1', () => {
  const sessions = new ShareSessions(() => 1)
  const opened = fetch(sessions, { epoch: 0 })
  assert.ok(opened.kind === 'opened')
  opened.session.epoch = 0x7fffffff
  fetch(sessions, { epoch: 0x7fffffff })
  assert.equal(told(fetch(sessions, { epoch: 1 })), 'continued')
})

test('a partition that gave records comes last, unless it was forgotten meanwhile', () => {
  const sessions = new ShareSessions(() => 1)
  const opened = fetch(sessions, { epoch: 0, partitions: [0, 1, 2] })
  assert.ok(opened.kind === 'opened')
  const [first, second] = [...opened.session.partitions.values()]
  assert.ok(first !== undefined && second !== undefined)
  sessions.served(opened.session, first)
  assert.equal(told(fetch(sessions, { epoch: 1, forgotten: [1] })), 'continued 2 0')
  sessions.served(opened.session, second)
  assert.equal(told(fetch(sessions, { epoch: 2 })), 'continued 2 0')
})

const member = fc.constantFrom('a', 'b', 'c')
const some = fc.uniqueArray(fc.nat(3), { maxLength: 3 })
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('open' as const), member, connection: fc.nat(2), partitions: some })
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('go on' as const), member, partitions: some, forgotten: some })
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('miss' as const), member, epoch: fc.integer({ min: -2, max: 9 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), member }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), connection: fc.nat(2) }) }
)

test('beside a model, whatever members and their connections do', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const connections = [0, 1, 2].map(connectionOf)
      const sessions = new ShareSessions(() => 2)
      const model = new Map<string, { epoch: number; connection: number; partitions: Set<number> }>()
      for (const one of steps) {
        if (one.kind === 'disconnect') {
          const left = [...model].filter(([, { connection }]) => connection === one.connection).map(([id]) => id)
          const ended = sessions.disconnected(connections[one.connection] ?? here).map(({ memberId }) => memberId)
          assert.deepEqual([...ended].sort(), left.sort())
          for (const id of left) model.delete(id)
        } else if (one.kind === 'open') {
          const [memberId, connection] = [one.member, connections[one.connection] ?? here]
          const entered = fetch(sessions, { epoch: 0, memberId, connection, partitions: one.partitions })
          const isRoom = model.has(memberId) || model.size < 2
          assert.equal(entered.kind, isRoom ? 'opened' : 'refused')
          if (isRoom) model.set(memberId, { epoch: 1, connection: one.connection, partitions: new Set(one.partitions) })
        } else {
          const known = model.get(one.member)
          const epoch = one.kind === 'miss' ? one.epoch : one.kind === 'close' ? -1 : (known?.epoch ?? 1)
          const { partitions = [], forgotten = [] } = one.kind === 'go on' ? one : {}
          if (epoch === 0) continue
          const entered = fetch(sessions, { epoch, memberId: one.member, partitions, forgotten })
          if (known === undefined) assert.equal(told(entered), SHARE_SESSION_NOT_FOUND)
          else if (epoch === -1) {
            assert.equal(entered.kind, 'ended')
            model.delete(one.member)
          } else if (epoch !== known.epoch) assert.equal(told(entered), INVALID_SHARE_SESSION_EPOCH)
          else {
            for (const partition of partitions) known.partitions.add(partition)
            for (const partition of forgotten) known.partitions.delete(partition)
            known.epoch += 1
            assert.ok(entered.kind === 'continued')
            const named = Array.from(known.partitions, (partition) => keyOf(place(partition)))
            assert.deepEqual([...entered.session.partitions.keys()].sort(), named.sort())
          }
        }
        assert.equal(sessions.size, model.size)
        const total = [...model.values()].reduce((sum, { partitions }) => sum + partitions.size, 0)
        assert.deepEqual([sessions.partitions, sessions.hasMembersOf('g')], [total, model.size > 0])
      }
    })
  )
})
