/**
 * Who sent what, and what got there: the same book is kept for both worlds, from what the receivers got and from what the log says.
 *
 * A message is about one order. It is lost when it was sent and never arrived, doubled when it arrived again, and late by the time
 * between the two.
 */
export const messages = ['orders', 'payments', 'notifications'] as const
/** An order goes to payments, a payment to the kitchen, a notification to the customer. */
export type Message = (typeof messages)[number]

export interface Figures {
  readonly sent: number
  /** Each counted once. */
  readonly arrived: number
  /** Sent and not arrived: on its way while someone still tries, lost when nobody does. */
  readonly missing: number
  /** Missing, and its sender has given up. */
  readonly lost: number
  readonly doubled: number
  readonly longestWaitMs: number
}

export type AllFigures = Readonly<Record<Message, Figures>>

interface Entry {
  sentMs?: number
  arrivedMs?: number
  givenUp?: true
}

class Page {
  readonly #entries = new Map<number, Entry>()
  readonly #missing = new Set<number>()
  #sent = 0
  #arrived = 0
  #lost = 0
  #doubled = 0
  #longestWaitMs = 0
  #arrivedUpTo = 0

  /** The two sides are heard in any order; sent again is sent once. */
  send(orderId: number, atMs: number): void {
    const entry = this.#entry(orderId)
    if (entry.sentMs !== undefined) return
    entry.sentMs = atMs
    this.#sent++
    if (entry.arrivedMs === undefined) this.#missing.add(orderId)
    else this.#wait(entry.arrivedMs - atMs)
  }

  arrive(orderId: number, atMs: number): void {
    const entry = this.#entry(orderId)
    if (entry.arrivedMs !== undefined) {
      this.#doubled++
      return
    }
    entry.arrivedMs = atMs
    this.#arrived++
    if (entry.givenUp) this.#lost--
    this.#missing.delete(orderId)
    if (entry.sentMs !== undefined) this.#wait(atMs - entry.sentMs)
    while (this.#entries.get(this.#arrivedUpTo + 1)?.arrivedMs !== undefined) this.#arrivedUpTo++
  }

  giveUp(orderId: number): void {
    const entry = this.#entry(orderId)
    if (entry.givenUp) return
    entry.givenUp = true
    if (entry.arrivedMs === undefined) this.#lost++
  }

  /** All orders from the first to this one have arrived. */
  get arrivedUpTo(): number {
    return this.#arrivedUpTo
  }

  get figures(): Figures {
    return {
      sent: this.#sent,
      arrived: this.#arrived,
      missing: this.#missing.size,
      lost: this.#lost,
      doubled: this.#doubled,
      longestWaitMs: this.#longestWaitMs
    }
  }

  #wait(ms: number): void {
    this.#longestWaitMs = Math.max(this.#longestWaitMs, ms)
  }

  #entry(orderId: number): Entry {
    const known = this.#entries.get(orderId)
    if (known !== undefined) return known
    const entry: Entry = {}
    this.#entries.set(orderId, entry)
    return entry
  }
}

export class Ledger {
  readonly #pages: Readonly<Record<Message, Page>> = {
    orders: new Page(),
    payments: new Page(),
    notifications: new Page()
  }

  send(message: Message, orderId: number, atMs: number): void {
    this.#pages[message].send(orderId, atMs)
  }

  arrive(message: Message, orderId: number, atMs: number): void {
    this.#pages[message].arrive(orderId, atMs)
  }

  /** The sender will not try again. */
  giveUp(message: Message, orderId: number): void {
    this.#pages[message].giveUp(orderId)
  }

  /** The notifications of all orders from the first to this one have arrived. */
  get toldUpTo(): number {
    return this.#pages.notifications.arrivedUpTo
  }

  get figures(): AllFigures {
    const { orders, payments, notifications } = this.#pages
    return { orders: orders.figures, payments: payments.figures, notifications: notifications.figures }
  }
}
