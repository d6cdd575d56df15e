/**
 * What the comparison and the services of direct calls say to each other: a JSON line each, as the members of the other world do.
 * The services report what they did the moment they do it, so that a killed one has told all that it did.
 */
import type { Message } from '../ledger.ts'

export const callServices = ['notifications', 'kitchen', 'payments', 'customers'] as const
export type CallService = (typeof callServices)[number]
export type CallState = 'starting' | 'working' | 'dead'
export type Server = Exclude<CallService, 'customers'>

export interface CallTask {
  readonly service: CallService
  /** Where each server listens on this machine. */
  readonly ports: Readonly<Record<Server, number>>
  readonly seed: number
  /** Customers: the last order that was placed before. */
  readonly placed: number
  /** How long one order keeps the kitchen busy. */
  readonly workMs: number
}

export type CallInstruction =
  | ({ readonly do: 'begin' } & CallTask)
  /** Customers: order all up to this id. */
  | { readonly do: 'place'; readonly upTo: number }

export type CallReport =
  | { readonly event: 'ready' }
  | {
      readonly event: 'sent' | 'arrived'
      readonly message: Message
      readonly orderId: number
      readonly timestampMs: number
    }
  /** A call had no answer: nobody listened, it broke, or it took too long. Nobody tries again. */
  | {
      readonly event: 'failed'
      readonly message: Message
      readonly orderId: number
      readonly timestampMs: number
      readonly reason: string
    }
  /** Customers: this order's call is over, one way or the other. */
  | { readonly event: 'settled'; readonly orderId: number }

/** Both ends are this program, of one version; what is no such line is none of it. */
export function readCallLine<Line extends CallInstruction | CallReport>(line: string): Line | undefined {
  try {
    const found: unknown = JSON.parse(line)
    return typeof found === 'object' && found !== null && ('do' in found || 'event' in found)
      ? (found as Line)
      : undefined
  } catch {
    return undefined
  }
}
