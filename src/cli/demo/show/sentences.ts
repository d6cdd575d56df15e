/**
 * What happens, in words: to a guest, and to an engineer.
 */
import { localParts } from '../../zone.ts'
import { messageTo, type OrderEvent } from '../events.ts'
import type { ServiceName } from '../services.ts'

export type Voice = 'guest' | 'engineer'

export function sentenceOf({ order, status }: Pick<OrderEvent, 'order' | 'status'>): string {
  const { customer, dish, quantity, totalCents } = order
  switch (status) {
    case 'placed':
      return `${customer} orders ${quantity} ${dish}`
    case 'paid':
      return `${customer} pays ${(totalCents / 100).toFixed(2)}`
    case 'cooked':
      return `${quantity} ${dish} cooked`
    case 'notified':
      return messageTo(order)
  }
}

const explanations: Readonly<Record<ServiceName, Readonly<Record<Voice, string>>>> = {
  customers: {
    guest: 'Customers order, and hear when their food is on its way.',
    engineer: 'Writes orders, keyed by order_id, acks=all; its group reads notifications.'
  },
  payments: {
    guest: 'Payments charges every order once, even if it dies in the middle.',
    engineer: 'orders/placed -> payments/paid. The input offset stands with the answer.'
  },
  kitchen: {
    guest: 'The kitchen cooks what is paid. While it is away, the tickets wait.',
    engineer: 'payments/paid -> orders/cooked. The count of answers is the sequence number.'
  },
  notifications: {
    guest: 'Notifications tells the customer, once. Kill it: nobody is forgotten.',
    engineer: 'orders/cooked -> notifications/notified. Commits after the log has it.'
  }
}

export function explanationOf(service: ServiceName, voice: Voice): string {
  return explanations[service][voice]
}

/** 14:03:59+01:00: of a run that is watched, no day is needed. */
export function clockTime(timestampMs: number): string {
  const parts = localParts(timestampMs)
  return parts === undefined ? String(timestampMs) : `${parts.time}${parts.offset || 'Z'}`
}
