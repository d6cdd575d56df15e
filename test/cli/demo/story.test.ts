/** The story of the demo: each chapter begins with what was seen, and says only what was counted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceNames } from '../../../src/cli/demo/services.ts'
import { type Sight, Story, waitingFor } from '../../../src/cli/demo/story.ts'
import * as fc from '../../harness/properties.ts'

const sight = (changes: Partial<Sight> = {}): Sight => ({
  nowMs: 0,
  counts: { placed: 0, paid: 0, cooked: 0, notified: 0 },
  unread: 0,
  dead: [],
  due: 0,
  notifiedUpTo: 0,
  ...changes
})
const counts = (placed: number, paid: number, cooked: number, notified: number) => ({ placed, paid, cooked, notified })

test('orders flow, a service dies, orders wait, it comes back, they are served: with the figures of this run', () => {
  const story = new Story()
  const after = (changes: Partial<Sight>) => {
    story.look(sight(changes))
    return story.chapter
  }
  assert.deepEqual(after({}), { kind: 'opening' })
  assert.deepEqual(after({ counts: counts(4, 4, 4, 2) }), { kind: 'opening' })
  assert.deepEqual(after({ counts: counts(9, 8, 7, 6) }), { kind: 'flowing' })
  const dead = { dead: ['notifications'] } as const
  const service = 'notifications'
  const few = { ...dead, nowMs: 1000, counts: counts(9, 9, 9, 7) }
  assert.deepEqual(after(few), { kind: 'dead', service, hasGrown: false })
  const many = { ...dead, nowMs: 5000, counts: counts(20, 20, 18, 7) }
  assert.deepEqual(after(many), { kind: 'dead', service, hasGrown: true })
  const back = { kind: 'back', service }
  assert.deepEqual(after({ nowMs: 6000, due: 20, notifiedUpTo: 7, counts: counts(20, 20, 20, 7) }), back)
  assert.deepEqual(after({ nowMs: 7000, due: 24, notifiedUpTo: 19, counts: counts(24, 24, 22, 19) }), back)
  assert.deepEqual(after({ nowMs: 7500, due: 25, notifiedUpTo: 20, counts: counts(25, 25, 24, 20) }), {
    kind: 'served',
    outage: { service, deadMs: 5000, waited: 13 }
  })
  assert.deepEqual(story.longest, { service, deadMs: 5000, waited: 13 })
})

test('what was proved stays until the next service dies, and a service that is dead comes before one that is back', () => {
  const story = new Story()
  const flowing = { counts: counts(9, 9, 9, 9), due: 9, notifiedUpTo: 9 }
  for (const one of [{ dead: ['kitchen'] as const }, {}, {}]) story.look(sight({ ...flowing, ...one }))
  assert.equal(story.chapter.kind, 'served')
  story.look(sight({ counts: counts(20, 12, 12, 12), dead: ['payments'] }))
  assert.deepEqual(story.chapter, { kind: 'dead', service: 'payments', hasGrown: true })
  story.look(sight({ counts: counts(20, 12, 12, 12), due: 20, dead: ['notifications'] }))
  assert.deepEqual(story.chapter, { kind: 'dead', service: 'notifications', hasGrown: false })
})

test('a service that dies again before it is served goes on with its story', () => {
  const story = new Story()
  const look = (nowMs: number, changes: Partial<Sight>) => story.look(sight({ nowMs, due: 10, ...changes }))
  look(0, { dead: ['kitchen'], counts: counts(10, 10, 2, 2) })
  look(1000, { counts: counts(10, 10, 3, 3), notifiedUpTo: 3 })
  look(2000, { dead: ['kitchen'], counts: counts(10, 10, 4, 4) })
  look(3000, { counts: counts(10, 10, 10, 10), notifiedUpTo: 10 })
  assert.deepEqual(story.chapter, { kind: 'served', outage: { service: 'kitchen', deadMs: 3000, waited: 8 } })
})

test('with several dead the way on is told at once, and each was dead since it was killed', () => {
  const story = new Story()
  const look = (nowMs: number, changes: Partial<Sight>) => {
    story.look(sight({ nowMs, due: 10, counts: counts(10, 10, 10, 9), notifiedUpTo: 9, ...changes }))
    return story.chapter
  }
  assert.deepEqual(look(0, { dead: ['payments'] }), { kind: 'dead', service: 'payments', hasGrown: false })
  const both = { dead: ['payments', 'notifications'] } as const
  assert.deepEqual(look(1000, both), { kind: 'dead', service: 'payments', hasGrown: true })
  look(4000, { dead: ['notifications'] })
  assert.equal(look(5000, { counts: counts(10, 10, 10, 10), notifiedUpTo: 10 }).kind, 'served')
  assert.deepEqual(story.longest, { service: 'notifications', deadMs: 4000, waited: 1 })
})

test('what waits for a service is what was said to it and has no answer; customers have their unread messages', () => {
  const seen = { counts: counts(20, 14, 9, 7), unread: 3 }
  assert.deepEqual(
    serviceNames.map((service) => waitingFor(service, seen)),
    [3, 6, 5, 2]
  )
  assert.equal(waitingFor('payments', { counts: counts(1, 2, 0, 0), unread: 0 }), 0)
})

test('whatever is seen in whatever order, nothing is called served before all that was due is told', () => {
  const anySight = fc.record({
    nowMs: fc.nat(100_000),
    counts: fc.record({ placed: fc.nat(50), paid: fc.nat(50), cooked: fc.nat(50), notified: fc.nat(50) }),
    unread: fc.nat(50),
    dead: fc.subarray([...serviceNames]),
    due: fc.nat(50),
    notifiedUpTo: fc.nat(50)
  })
  fc.assert(
    fc.property(fc.array(anySight), (sights) => {
      const story = new Story()
      let dueWhenBack = 0
      for (const one of sights) {
        const before = story.chapter.kind
        story.look(one)
        const { chapter } = story
        if (before === 'dead' && chapter.kind !== 'dead') dueWhenBack = one.due
        if (chapter.kind === 'served' && before !== 'served') assert.ok(one.notifiedUpTo >= dueWhenBack)
        if (chapter.kind === 'dead') assert.ok(one.dead.includes(chapter.service))
        if (chapter.kind === 'back') assert.ok(!one.dead.includes(chapter.service))
      }
    })
  )
})
