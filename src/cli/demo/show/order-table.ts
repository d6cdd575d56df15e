/**
 * The last orders, each with what has happened to it: to a guest as dots and how long it took, to an engineer as places in the log.
 */
import type { Style } from '../../terminal.ts'
import { type Status, statuses } from '../services.ts'
import type { DemoState } from '../state.ts'
import type { RecentOrder } from '../watch/recent-orders.ts'
import { lineOf } from './cells.ts'
import type { Glyphs } from './glyphs.ts'
import type { Voice } from './sentences.ts'

export interface OrderTableOptions {
  readonly columns: number
  readonly style: Style
  readonly glyphs: Glyphs
  readonly voice: Voice
}

const titles: Readonly<Record<Voice, Readonly<Record<Status, string>>>> = {
  guest: { placed: 'ordered', paid: 'paid', cooked: 'cooked', notified: 'told' },
  engineer: { placed: 'orders', paid: 'payments', cooked: 'orders', notified: 'notified' }
}

export function orderTable(state: DemoState, options: OrderTableOptions, rows: number): string[] {
  const { columns, style, voice } = options
  const cells = [
    { text: 'ORDER', width: 7, align: 'right' },
    { text: '', width: 2 },
    { text: 'CUSTOMER', width: 10 },
    { text: 'DISH', width: 13 },
    ...statuses.map((status) => ({ text: titles[voice][status].toUpperCase(), width: 10 })),
    ...(voice === 'guest' ? [{ text: 'TOOK', width: 8, align: 'right' } as const] : [])
  ] as const
  const shown = state.orders.slice(-rows)
  return [
    lineOf(
      cells.map((cell) => ({ ...cell, paint: style.dim })),
      columns
    ),
    ...Array.from({ length: rows }, (_, index) => {
      const order = shown[index]
      return order === undefined ? '' : orderLine(order, options)
    })
  ]
}

function orderLine({ order, marks }: RecentOrder, { columns, style, glyphs, voice }: OrderTableOptions): string {
  const { placed, notified } = marks
  const took = placed && notified ? duration(notified.timestampMs - placed.timestampMs) : ''
  return lineOf(
    [
      { text: String(order.orderId), width: 7, align: 'right' },
      { text: '', width: 2 },
      { text: order.customer, width: 10 },
      { text: `${order.quantity} ${order.dish}`, width: 13 },
      ...statuses.map((status) => {
        const mark = marks[status]
        if (mark === undefined) return { text: glyphs.open, width: 10, paint: style.dim }
        const text = voice === 'guest' ? glyphs.done : `${mark.partition}:${mark.offset}`
        return { text, width: 10, paint: status === 'notified' ? style.green : style.cyan }
      }),
      ...(voice === 'guest' ? [{ text: took, width: 8, align: 'right', paint: style.dim } as const] : [])
    ],
    columns
  )
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}
