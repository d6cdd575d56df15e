/**
 * The last orders, each with what has happened to it so far and where in the log that stands.
 */
import type { WrittenEvent } from '../events.ts'
import type { Order } from '../orders.ts'
import type { Status } from '../services.ts'

const rememberedOrders = 100

export interface Mark {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

export interface RecentOrder {
  readonly order: Order
  readonly marks: Readonly<Partial<Record<Status, Mark>>>
}

export class RecentOrders {
  readonly #orders = new Map<number, { order: Order; marks: Partial<Record<Status, Mark>> }>()
  #highestForgotten = 0

  add({ order, status, partition, offset, timestampMs }: WrittenEvent): void {
    if (order.orderId <= this.#highestForgotten) return
    const known = this.#orders.get(order.orderId) ?? { order, marks: {} }
    known.marks[status] ??= { partition, offset, timestampMs }
    this.#orders.set(order.orderId, known)
    if (this.#orders.size > rememberedOrders) this.#forgetOldest()
  }

  /** The newest last. */
  list(): RecentOrder[] {
    return [...this.#orders.values()].sort((a, b) => a.order.orderId - b.order.orderId)
  }

  /** From the order to its notification, of the remembered orders that have one; undefined for none. */
  get medianMs(): number | undefined {
    const times = [...this.#orders.values()]
      .flatMap(({ marks: { placed, notified } }) =>
        placed && notified ? [notified.timestampMs - placed.timestampMs] : []
      )
      .sort((a, b) => a - b)
    return times[Math.floor(times.length / 2)]
  }

  #forgetOldest(): void {
    const oldest = Math.min(...this.#orders.keys())
    this.#orders.delete(oldest)
    this.#highestForgotten = Math.max(this.#highestForgotten, oldest)
  }
}
