/**
 * The four services of the food-delivery app and the way of an order through its three topics:
 *
 *                     placed                  paid                   cooked
 *     customers ────▶ orders ───▶ payments ────▶ payments ───▶ kitchen ────▶ orders ───▶ notifications
 *         ▲          (topic)     (service)       (topic)      (service)     (topic)        (service)
 *         └───────────────────────── notifications (topic) ◀──────── notified ─────────────────┘
 *
 * Customers place orders and hear what became of them. Payments answers each `placed` with `paid`; the kitchen answers each
 * `paid` with `cooked`, a later event of the same order in the topic `orders`, which payments passes over; notifications
 * answers each `cooked` with `notified`. An answer is never of the kind its own service listens to, so nothing goes in a circle,
 * and there is one answer for each event that asks for one. The topics have equally many partitions, and an answer goes to the
 * partition of its question: what stands in partition 2 of an output depends on partition 2 of its input alone.
 */

export const serviceNames = ['customers', 'payments', 'kitchen', 'notifications'] as const
export type ServiceName = (typeof serviceNames)[number]

export const topicNames = ['orders', 'payments', 'notifications'] as const
export type TopicName = (typeof topicNames)[number]

/** In the order in which an order goes through them. */
export const statuses = ['placed', 'paid', 'cooked', 'notified'] as const
export type Status = (typeof statuses)[number]

export interface Service {
  readonly name: ServiceName
  /** The topic its consumer group reads. */
  readonly reads: TopicName
  /** The events it has an ear for; it passes over all others. */
  readonly hears: Status
  /** The topic it writes to. */
  readonly writes: TopicName
  /** What its events say. */
  readonly says: Status
}

export const services: Readonly<Record<ServiceName, Service>> = {
  customers: { name: 'customers', reads: 'notifications', hears: 'notified', writes: 'orders', says: 'placed' },
  payments: { name: 'payments', reads: 'orders', hears: 'placed', writes: 'payments', says: 'paid' },
  kitchen: { name: 'kitchen', reads: 'payments', hears: 'paid', writes: 'orders', says: 'cooked' },
  notifications: { name: 'notifications', reads: 'orders', hears: 'cooked', writes: 'notifications', says: 'notified' }
}

/** Whose event it is: exactly one service says a thing, in one topic. */
export function serviceThatSays(topic: TopicName, status: string): Service | undefined {
  return Object.values(services).find((service) => service.writes === topic && service.says === status)
}

export const serviceSaying: Readonly<Record<Status, Service>> = {
  placed: services.customers,
  paid: services.payments,
  cooked: services.kitchen,
  notified: services.notifications
}
