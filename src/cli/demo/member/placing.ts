/**
 * How customers order: the seeded orders, each in the partition that its key belongs to, up to the id the demo says is due. A customer
 * that takes over a partition asks the log which order was the last.
 */
import { partitionOfKey } from '../../produce/murmur2.ts'
import { recordOf } from '../events.ts'
import { type Order, ordersOf } from '../orders.ts'
import type { Question } from './answers.ts'
import type { Controls } from './controls.ts'
import type { Output } from './output.ts'

/** Whoever has many to catch up sends them in portions. */
const batchMax = 500

export interface PlacingOptions {
  readonly seed: number
  readonly partitionCount: number
  openOutput(partition: number): Output
}

/** Until the controls say leave. */
export async function placeOrders(controls: Controls, options: PlacingOptions): Promise<void> {
  let places = new Map<number, Place>()
  while (!controls.leaving.aborted) {
    await controls.unpaused()
    const { upTo, partitions } = controls.placement
    places = new Map(partitions.map((partition) => [partition, places.get(partition) ?? openPlace(partition, options)]))
    const sent = await Promise.all([...places.values()].map((place) => place.placeUpTo(upTo)))
    const more = sent.some((count) => count === batchMax) || controls.placement.upTo > upTo
    if (!more && !controls.leaving.aborted) await controls.changed()
  }
}

interface Place {
  /** Returns how many orders it placed. */
  placeUpTo(upTo: number): Promise<number>
}

function openPlace(partition: number, { seed, partitionCount, openOutput }: PlacingOptions): Place {
  const output = openOutput(partition)
  const orders = ordersOfPartition(seed, partition, partitionCount)
  let next = orders.next().value
  return {
    async placeUpTo(upTo) {
      const { answered } = await output.progress()
      while (next.orderId <= answered) next = orders.next().value
      const due: Question<Order>[] = []
      for (; next.orderId <= upTo && due.length < batchMax; next = orders.next().value) {
        due.push({ offset: next.orderId, content: next })
      }
      await output.answer(due, (order, answering) =>
        recordOf({ order, status: 'placed', timestampMs: Date.now() }, answering)
      )
      return due.length
    }
  }
}

function* ordersOfPartition(seed: number, partition: number, partitionCount: number): Generator<Order, never> {
  for (const order of ordersOf(seed)) {
    if (partitionOfKey(Buffer.from(String(order.orderId)), partitionCount) === partition) yield order
  }
  throw new Error('the orders came to an end')
}
