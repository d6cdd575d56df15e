/**
 * Reads the demo's topics with a client that knows nothing of the demo (kafkajs), and holds them against the seeded orders.
 */
import assert from 'node:assert/strict'
import kafkaJs from 'kafkajs'
import { ordersOf } from '../../../src/cli/demo/orders.ts'
import type { ConsumedRecord } from '../clients/client.ts'
import { kafkajs } from '../clients/kafkajs.ts'
import { topicOffsets } from '../clients/topic-offsets.ts'

const TOPICS = ['orders', 'payments', 'notifications'] as const

interface Event {
  readonly key: string
  readonly orderId: number
  readonly status: string
  readonly timestamp: string
  readonly fields: Record<string, unknown>
}

/** Every order from 1 to the last has exactly one event of each kind, keyed by its id, in the order of its way. */
export async function checkOrderTopics(bootstrap: string, seed: number, prefix = ''): Promise<number> {
  const events: Event[] = []
  for (const topic of TOPICS) events.push(...(await readAll(bootstrap, `${prefix}${topic}`)).map(eventOf))
  const placed = events.filter(({ status }) => status === 'placed')
  const orders = ordersOf(seed)
  for (let orderId = 1; orderId <= placed.length; orderId++) {
    const own = events.filter((event) => event.orderId === orderId)
    const { value: order } = orders.next()
    const bySeries = (status: string) => ['placed', 'paid', 'cooked', 'notified'].indexOf(status)
    own.sort((a, b) => bySeries(a.status) - bySeries(b.status))
    assert.deepEqual(
      own.map(({ status }) => status),
      ['placed', 'paid', 'cooked', 'notified'],
      `order ${orderId}`
    )
    for (const { key, timestamp, fields } of own) {
      assert.equal(key, String(orderId))
      assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.deepEqual(
        [fields.customer, fields.dish, fields.quantity, fields.total_cents],
        [order.customer, order.dish, order.quantity, order.totalCents]
      )
    }
    const times = own.map(({ timestamp }) => Date.parse(timestamp))
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b)
    )
  }
  assert.equal(events.length, 4 * placed.length, 'events of no order that was placed')
  return placed.length
}

async function readAll(bootstrap: string, topic: string): Promise<readonly ConsumedRecord[]> {
  const client = new kafkaJs.Kafka({ brokers: [bootstrap], logLevel: kafkaJs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const offsets = await topicOffsets(admin, topic)
  await admin.disconnect()
  const count = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
  return await kafkajs.consume(bootstrap, { topic, count })
}

function eventOf({ key, value }: ConsumedRecord): Event {
  const fields = JSON.parse(String(value)) as Record<string, unknown>
  return {
    key: String(key),
    orderId: Number(fields.order_id),
    status: String(fields.status),
    timestamp: String(fields.timestamp),
    fields
  }
}
