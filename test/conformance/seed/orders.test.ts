/** The check that the suites rely on finds what it is there to find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderFaults, orderLines } from './orders.ts'

const lines = orderLines(3)
const sent = new Map(lines.map((line, index) => [String(index + 1), line]))
const stored = [...sent].map(([key, value], index) => ({ partition: 0, offset: index, key, value }))

test('orders that are where they were acknowledged are no fault', () => {
  assert.deepEqual(orderFaults(sent, stored, stored), [])
  assert.equal(JSON.parse(lines[2] ?? '').orderId, 3)
})

test('a lost, a moved, a changed and a doubled order are found', () => {
  const [first, second, third] = stored
  assert.ok(first && second && third)
  assert.match(orderFaults(sent, stored, [first, second]).join('\n'), /order 3 was acknowledged at 0@2 and is nowhere/)
  assert.match(
    orderFaults(
      sent,
      stored,
      [second, first, third].map((order, offset) => ({ ...order, offset }))
    ).join('\n'),
    /order 1 was acknowledged at 0@0, where 2 is/
  )
  assert.match(
    orderFaults(sent, stored, [first, second, { ...third, value: '{}' }]).join('\n'),
    /order 3 at 0@2 is not what was sent/
  )
  assert.match(orderFaults(sent, stored, [...stored, { ...third, offset: 3 }]).join('\n'), /order 3 is there 2 times/)
})
