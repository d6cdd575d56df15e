/**
 * The food-delivery app as one writes it before knowing Kafka: services that call each other and wait for the answer.
 *
 *     customers ──▶ payments ──▶ kitchen
 *                      └───────▶ notifications
 *
 * Each call has a time-out, and what fails is reported and left behind: the order is paid and cooked, and payments has other
 * customers waiting. That is not careless. Whoever wants more keeps the message, tries again, and leaves off what was
 * already said, through every crash: which is what a log does.
 */
import type { Server } from 'node:http'
import { type Order, ordersOf } from '../../orders.ts'
import type { Message } from '../ledger.ts'
import { callFailure, listen, post } from './http.ts'
import type { CallReport, CallTask } from './protocol.ts'

/** Generous for a neighbour on the same machine. */
const callTimeoutMs = 5000
/** A customer waits for payments, which waits for two others. */
const orderTimeoutMs = 15_000

/** Reports a call, makes it, and tells whether it was answered. */
type Call = (message: Message, port: number, order: Order, timeoutMs: number) => Promise<boolean>
type Arrived = (message: Message, order: Order) => void

export interface Desk {
  readonly arrived: Arrived
  readonly call: Call
}

export function openDesk(report: (line: CallReport) => void): Desk {
  return {
    arrived: (message, { orderId }) => report({ event: 'arrived', message, orderId, timestampMs: Date.now() }),
    async call(message, port, order, timeoutMs) {
      const { orderId } = order
      report({ event: 'sent', message, orderId, timestampMs: Date.now() })
      try {
        await post(port, order, timeoutMs)
        return true
      } catch (error) {
        report({ event: 'failed', message, orderId, timestampMs: Date.now(), reason: callFailure(error) })
        return false
      }
    }
  }
}

/** Charges the customer, has the food cooked, and has the customer told. */
export async function servePayments({ ports }: CallTask, { arrived, call }: Desk): Promise<Server> {
  return await listen(ports.payments, async (order) => {
    arrived('orders', order)
    const isCooked = await call('payments', ports.kitchen, order, callTimeoutMs)
    const isTold = isCooked && (await call('notifications', ports.notifications, order, callTimeoutMs))
    return { paid: true, isCooked, isTold }
  })
}

export async function serveKitchen({ ports, workMs }: CallTask, { arrived }: Desk): Promise<Server> {
  return await listen(ports.kitchen, async (order) => {
    arrived('payments', order)
    await new Promise((resolve) => setTimeout(resolve, workMs))
    return { cooked: true }
  })
}

export async function serveNotifications({ ports }: CallTask, { arrived }: Desk): Promise<Server> {
  return await listen(ports.notifications, async (order) => {
    arrived('notifications', order)
    return { told: true }
  })
}

/** Customers order when it is their time, each for himself: nobody waits for another's answer. */
export class Customers {
  readonly #orders: Generator<Order, never>
  readonly #desk: Desk
  readonly #payments: number
  readonly #onSettled: (orderId: number) => void
  #placed: number

  constructor({ seed, ports, placed }: CallTask, desk: Desk, onSettled: (orderId: number) => void) {
    this.#orders = ordersOf(seed)
    this.#placed = 0
    while (this.#placed < placed) this.#placed = this.#orders.next().value.orderId
    this.#desk = desk
    this.#payments = ports.payments
    this.#onSettled = onSettled
  }

  placeUpTo(orderId: number): void {
    while (this.#placed < orderId) {
      const order = this.#orders.next().value
      this.#placed = order.orderId
      void this.#desk.call('orders', this.#payments, order, orderTimeoutMs).then(() => this.#onSettled(order.orderId))
    }
  }
}
