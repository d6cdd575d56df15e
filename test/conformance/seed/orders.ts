/** The orders that the suites send, and what must have become of them. */
import { ordersOf } from '../../../src/cli/demo/orders.ts'

/** Order n, from 1, as kafkaprod.ts takes it: one line of JSON, whose key is its order id. */
export function orderLines(count: number, seed = 5): string[] {
  const orders = ordersOf(seed)
  return Array.from({ length: count }, () => JSON.stringify({ ...orders.next().value, status: 'placed' }))
}

/** A record as it lies in the topic, whoever read it. */
export interface StoredOrder {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** What the producer was promised. */
export type AcknowledgedOrder = Pick<StoredOrder, 'partition' | 'offset' | 'key'>

const faultsShown = 20

/** What a topic lost, doubled or moved, in words; none when every promise was kept. `sent` are the lines by order id. */
export function orderFaults(
  sent: ReadonlyMap<string, string>,
  acknowledged: readonly AcknowledgedOrder[],
  stored: readonly StoredOrder[]
): string[] {
  const at = new Map(stored.map((order) => [placeOf(order), order.key]))
  const times = new Map<string, number>()
  for (const { key } of stored) times.set(key, (times.get(key) ?? 0) + 1)
  const moved = acknowledged.filter((order) => at.get(placeOf(order)) !== order.key)
  const lost = acknowledged.filter(({ key }) => !times.has(key))
  const changed = stored.filter(({ key, value }) => sent.get(key) !== value)
  const doubled = [...times].filter(([, count]) => count > 1)
  return [
    ...lost.map((order) => `order ${order.key} was acknowledged at ${placeOf(order)} and is nowhere`),
    ...moved.map(
      (order) => `order ${order.key} was acknowledged at ${placeOf(order)}, where ${at.get(placeOf(order))} is`
    ),
    ...changed.map((order) => `order ${order.key} at ${placeOf(order)} is not what was sent: ${order.value}`),
    ...doubled.map(([key, count]) => `order ${key} is there ${count} times`)
  ].slice(0, faultsShown)
}

function placeOf({ partition, offset }: Pick<StoredOrder, 'partition' | 'offset'>): string {
  return `${partition}@${offset}`
}
