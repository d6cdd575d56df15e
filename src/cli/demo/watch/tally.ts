/**
 * Counts what the topics say, and believes nobody else: how many orders were placed, paid, cooked and notified, and whether any of that
 * happened twice, or was passed over. A byte for each order, so that an order is known for good.
 */
import type { WrittenEvent } from '../events.ts'
import { type Status, statuses } from '../services.ts'

const firstCapacity = 1024

export type Totals = Readonly<Record<Status, number>> & {
  /** Events that say of an order what was said before, by what they say, and together. */
  readonly again: Readonly<Record<Status, number>>
  readonly doubled: number
  /** Placed, and not notified so far. */
  readonly open: number
  /** Open, although a later order of the same partition is notified. */
  readonly lost: number
}

export type Counted = Pick<WrittenEvent, 'order' | 'status' | 'partition'>

export class Tally {
  #seen = new Uint8Array(firstCapacity)
  readonly #counts = { placed: 0, paid: 0, cooked: 0, notified: 0 }
  readonly #again = { placed: 0, paid: 0, cooked: 0, notified: 0 }
  readonly #partitions = new Map<number, { readonly open: Set<number>; lastNotified: number }>()
  #notifiedUpTo = 0

  /** Whether it is the first of its kind about this order. */
  count({ order: { orderId }, status, partition }: Counted): boolean {
    if (orderId >= this.#seen.length) this.#grow(orderId)
    const before = this.#seen[orderId] ?? 0
    const bit = bitOf(status)
    if ((before & bit) !== 0) {
      this.#again[status]++
      return false
    }
    const now = before | bit
    this.#seen[orderId] = now
    this.#counts[status]++
    this.#follow(partition, orderId, now)
    while (((this.#seen[this.#notifiedUpTo + 1] ?? 0) & notified) !== 0) this.#notifiedUpTo++
    return true
  }

  /** All orders from the first to this one are notified. */
  get notifiedUpTo(): number {
    return this.#notifiedUpTo
  }

  get totals(): Totals {
    const again = { ...this.#again }
    const doubled = statuses.reduce((sum, status) => sum + again[status], 0)
    let [open, lost] = [0, 0]
    for (const partition of this.#partitions.values()) {
      open += partition.open.size
      for (const orderId of partition.open) {
        if (orderId >= partition.lastNotified) break
        lost++
      }
    }
    return { ...this.#counts, again, doubled, open, lost }
  }

  /** The topics are read side by side: a notification may be seen before its order. */
  #follow(index: number, orderId: number, seen: number): void {
    const partition = this.#partitions.get(index) ?? { open: new Set(), lastNotified: 0 }
    this.#partitions.set(index, partition)
    if ((seen & notified) !== 0) {
      partition.open.delete(orderId)
      partition.lastNotified = Math.max(partition.lastNotified, orderId)
    } else if ((seen & placed) !== 0) partition.open.add(orderId)
  }

  #grow(orderId: number): void {
    const larger = new Uint8Array(Math.max(this.#seen.length * 2, orderId + 1))
    larger.set(this.#seen)
    this.#seen = larger
  }
}

function bitOf(status: Status): number {
  return 1 << statuses.indexOf(status)
}

const placed = bitOf('placed')
const notified = bitOf('notified')
