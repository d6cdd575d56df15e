/**
 * What stands in the topics: `{"order_id", "status", "timestamp"}` and what the order is, keyed by the order's id. Two headers say
 * which question the event answers, for a service that comes back and asks the log how far it had come.
 */
import type { ConsumedRecord, RecordToSend } from '../record.ts'
import type { Order } from './orders.ts'
import { type Status, serviceThatSays, type TopicName } from './services.ts'

/** The offset of the input that the event answers; for customers, who answer nobody, the order's id. */
const answersHeader = Buffer.from('answers')
/** How many events its service had written to the partition before. */
const numberHeader = Buffer.from('number')

export interface OrderEvent {
  readonly order: Order
  readonly status: Status
  readonly timestampMs: number
}

/** Which input an event answers, and the how-manieth event of its service in the partition it is. */
export interface Answering {
  readonly answers: number
  readonly number: number
}

export type WrittenEvent = OrderEvent & Answering & { readonly partition: number; readonly offset: number }

export function recordOf(event: OrderEvent, { answers, number }: Answering): RecordToSend {
  const { order, status, timestampMs } = event
  const value = {
    order_id: order.orderId,
    status,
    timestamp: new Date(timestampMs).toISOString(),
    customer: order.customer,
    dish: order.dish,
    quantity: order.quantity,
    total_cents: order.totalCents,
    ...(status === 'notified' ? { message: messageTo(order) } : {})
  }
  return {
    key: Buffer.from(String(order.orderId)),
    value: Buffer.from(JSON.stringify(value)),
    headers: [
      [answersHeader, Buffer.from(String(answers))],
      [numberHeader, Buffer.from(String(number))]
    ],
    timestampMs
  }
}

export function messageTo({ customer, dish, quantity }: Order): string {
  return `${customer}, your ${dish} ${quantity === 1 ? 'is' : `for ${quantity} is`} on its way`
}

/** Undefined for a record that another program put there. */
export function eventOf(topic: TopicName, record: ConsumedRecord): WrittenEvent | undefined {
  const answers = headerNumber(record, answersHeader)
  const number = headerNumber(record, numberHeader)
  const value = parsed(record.value)
  if (answers === undefined || number === undefined || value === undefined) return undefined
  const { order_id: orderId, status, timestamp, customer, dish, quantity, total_cents: totalCents } = value
  const service = serviceThatSays(topic, String(status))
  const timestampMs = Date.parse(String(timestamp))
  if (service === undefined || Number.isNaN(timestampMs)) return undefined
  if (!isCount(orderId) || !isCount(quantity) || !isCount(totalCents)) return undefined
  return {
    order: { orderId, customer: String(customer), dish: String(dish), quantity, totalCents },
    status: service.says,
    timestampMs,
    answers,
    number,
    partition: record.partition,
    offset: Number(record.offset)
  }
}

function headerNumber(record: ConsumedRecord, name: Buffer): number | undefined {
  const found = record.headers.find(([key]) => key.equals(name))?.[1]
  const value = Number(found ?? Number.NaN)
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function parsed(value: Buffer | null): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(String(value))
    return typeof found === 'object' && found !== null ? { ...found } : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}
