/** What the demo counts: orders that are due, events that were read, and the speed of both. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WrittenEvent } from '../../../src/cli/demo/events.ts'
import { Schedule } from '../../../src/cli/demo/schedule.ts'
import { type Status, statuses } from '../../../src/cli/demo/services.ts'
import { GroupHistory } from '../../../src/cli/demo/watch/group-history.ts'
import { type GroupView, type GroupViews, noGroup } from '../../../src/cli/demo/watch/groups.ts'
import { Rates } from '../../../src/cli/demo/watch/rates.ts'
import { RecentOrders } from '../../../src/cli/demo/watch/recent-orders.ts'
import { Tally } from '../../../src/cli/demo/watch/tally.ts'
import * as fc from '../../harness/properties.ts'

function event(orderId: number, status: Status, partition = orderId % 3): WrittenEvent {
  const order = { orderId, customer: 'alice', dish: 'ramen', quantity: 1, totalCents: 1350 }
  const at = statuses.indexOf(status)
  return { order, status, partition, offset: orderId, timestampMs: 1000 * orderId + at, answers: 0, number: 0 }
}

const wayOf = (orderId: number) => statuses.map((status) => event(orderId, status))

test('the first order is due at once, then so many a second, up to the last', () => {
  const schedule = new Schedule(10, 12)
  schedule.advance(5000, true)
  assert.equal(schedule.due, 1)
  schedule.advance(5500, true)
  assert.equal(schedule.due, 6)
  schedule.ratePerSecond = 1
  schedule.advance(7500, true)
  assert.deepEqual([schedule.due, schedule.finished], [8, false])
  schedule.advance(99_000, true)
  assert.deepEqual([schedule.due, schedule.finished], [12, true])
})

test('nobody orders while no customer is here, and nobody makes up for it', () => {
  const schedule = new Schedule(10)
  schedule.advance(1000, false)
  assert.equal(schedule.due, 0)
  schedule.advance(9000, true)
  assert.equal(schedule.due, 1)
  schedule.advance(20_000, false)
  schedule.advance(20_100, true)
  assert.equal(schedule.due, 2)
})

test('orders are counted once each, whatever the order in which the topics are read', () => {
  const events = fc.shuffledSubarray([1, 2, 3, 700, 5000].flatMap(wayOf), { minLength: 20 })
  fc.assert(
    fc.property(events, (all) => {
      const tally = new Tally()
      for (const one of all) assert.ok(tally.count(one))
      const { again: _, ...totals } = tally.totals
      assert.deepEqual(totals, { placed: 5, paid: 5, cooked: 5, notified: 5, doubled: 0, open: 0, lost: 0 })
    })
  )
})

test('what is said twice is doubled, what is passed over is lost, what is on its way is open', () => {
  const tally = new Tally()
  for (const one of wayOf(3)) tally.count(one)
  assert.equal(tally.count(event(3, 'notified')), false)
  tally.count(event(6, 'placed'))
  assert.deepEqual([tally.totals.open, tally.totals.lost], [1, 0])
  for (const one of wayOf(9)) tally.count(one)
  assert.deepEqual([tally.totals.open, tally.totals.lost, tally.totals.doubled], [1, 1, 1])
  assert.equal(tally.totals.again.notified, 1)
  tally.count(event(6, 'notified'))
  assert.deepEqual([tally.totals.open, tally.totals.lost], [0, 0])
})

test('all are notified up to the first order that is not', () => {
  const tally = new Tally()
  for (const orderId of [2, 1, 4]) tally.count(event(orderId, 'notified'))
  assert.equal(tally.notifiedUpTo, 2)
  tally.count(event(3, 'cooked'))
  assert.equal(tally.notifiedUpTo, 2)
  tally.count(event(3, 'notified'))
  assert.equal(tally.notifiedUpTo, 4)
})

test('rates look back a few seconds', () => {
  const rates = new Rates()
  const placed = (count: number) => ({ placed: count, paid: 0, cooked: 0, notified: 0 })
  assert.equal(rates.perSecond.placed, 0)
  for (let second = 0; second <= 20; second++) rates.sample(second * 1000, placed(second * 5))
  assert.equal(rates.perSecond.placed, 5)
  for (let second = 21; second <= 30; second++) rates.sample(second * 1000, placed(100))
  assert.equal(rates.perSecond.placed, 0)
})

test('the last orders are remembered with where each of their events lies, and no more than that', () => {
  const recent = new RecentOrders()
  for (let orderId = 1; orderId <= 500; orderId++) for (const one of wayOf(orderId)) recent.add(one)
  recent.add(event(2, 'notified'))
  const list = recent.list()
  assert.deepEqual([list.length, list[0]?.order.orderId, list.at(-1)?.order.orderId], [100, 401, 500])
  assert.deepEqual(list.at(-1)?.marks.cooked, { partition: 2, offset: 500, timestampMs: 500_002 })
  assert.equal(recent.medianMs, 3)
})

test('a rebalance and who took over from whom are told once, also when the group was silent in between', () => {
  const history = new GroupHistory()
  const kitchen = (view: Partial<GroupView>): GroupViews => ({
    ...{ customers: noGroup, payments: noGroup, kitchen: { ...noGroup, ...view }, notifications: noGroup }
  })
  const stable = (...owned: [string, number[]][]) =>
    kitchen({ state: 'Stable', owners: owned.map(([member, partitions]) => ({ member, partitions })) })
  assert.deepEqual(history.look(stable(['kitchen-1', [0, 2]], ['kitchen-2', [1]])), [])
  const rebalancing = kitchen({ state: 'PreparingRebalance' })
  assert.deepEqual(history.look(rebalancing), ['kitchen: who is there shares the work anew (a rebalance)'])
  assert.deepEqual(history.look(rebalancing), [])
  assert.deepEqual(history.look(stable(['kitchen-2', [0, 1, 2]])), [
    'kitchen-2 took over partitions 0, 2 from kitchen-1'
  ])
  assert.deepEqual(history.look(stable(['kitchen-2', [0, 1, 2]])), [])
})
