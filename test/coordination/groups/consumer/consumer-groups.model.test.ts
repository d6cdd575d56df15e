/** Honest members that come, go, subscribe to something else and beat in any order: no partition ever has two owners, and all is owned in the end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from '../../../harness/properties.ts'
import { coordinatorOn, setup, topics } from '../setup.ts'
import { Member } from './setup.ts'

const ids = ['a', 'b', 'c', 'd']
const choices = [['t1'], ['t2'], ['t1', 't2']]
const everything = ['t1-0', 't1-1', 't2-0', 't2-1']

const actions = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: ids.length - 1 }),
    does: fc.constantFrom('join', 'beat', 'beat', 'beat', 'leave', 'subscribe', 'restart'),
    choice: fc.integer({ min: 0, max: choices.length - 1 }),
    assignor: fc.constantFrom('uniform', 'range')
  }),
  { maxLength: 40 }
)

function assertNoneHasTwoOwners(members: Iterable<Member>): void {
  const owned = [...members].flatMap((member) => member.partitions)
  assert.equal(new Set(owned).size, owned.length, owned.sort().join())
}

test('no partition has two owners at any time, and each has one once everybody has been heard often enough', async () => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  await fc.assert(
    fc.asyncProperty(actions, async (sequence) => {
      const { log, clock, coordinator: first } = await setup()
      let coordinator = first
      const members = new Map<string, Member>()
      for (const { who, does, choice, assignor } of sequence) {
        const id = ids[who] ?? 'a'
        const member = members.get(id)
        if (does === 'join' && member === undefined) {
          const joining = new Member(() => coordinator, id, { serverAssignor: assignor })
          members.set(id, joining)
          await joining.join()
        } else if (does === 'leave' && member !== undefined) {
          members.delete(id)
          await member.leave()
        } else if (does === 'subscribe') {
          await member?.beat({ subscribedTopicNames: choices[choice] ?? [] })
        } else if (does === 'beat') {
          await member?.beat()
        } else if (does === 'restart') {
          coordinator = await coordinatorOn(log, clock)
        }
        assertNoneHasTwoOwners(members.values())
      }
      const last = members.get('a') ?? new Member(() => coordinator, 'a')
      if (!members.has('a')) await last.join()
      members.set('a', last)
      await last.beat({ subscribedTopicNames: ['t1', 't2'] })
      for (let round = 0; round < 6; round++) for (const member of members.values()) await member.beat()
      assert.deepEqual([...members.values()].flatMap((member) => member.partitions).sort(), everything)
      assert.equal((await coordinator.describeConsumerGroup('g')).groupState, 'Stable')
    }),
    { numRuns: 150 }
  )
})
