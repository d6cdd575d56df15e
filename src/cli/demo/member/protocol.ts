/**
 * What the demo and its members say to each other: a JSON line each, on the member's standard input and output. A standard input that
 * ends means that the demo is gone, however it went; then the member ends too.
 */
import type { ServiceName, TopicName } from '../services.ts'

/** What a member has to know to begin. */
export interface MemberTask {
  readonly service: ServiceName
  /** From 1. */
  readonly member: number
  readonly brokers: readonly string[]
  readonly topics: Readonly<Record<TopicName, string>>
  readonly group: string
  /** Of the one producer that all members of the service are; a 64-bit number as text. */
  readonly producerId: string
  readonly seed: number
  /** How long one order keeps the service busy. */
  readonly workMs: number
  readonly paused: boolean
}

export type Instruction =
  | ({ readonly do: 'begin' } & MemberTask)
  /** Reads no more, and keeps its partitions. */
  | { readonly do: 'pause' }
  | { readonly do: 'resume' }
  /** Works without pauses: it is closing time. */
  | { readonly do: 'hurry' }
  /** Leaves the group and ends. */
  | { readonly do: 'leave' }
  /** Customers: order all up to this id that belong to these partitions. */
  | { readonly do: 'place'; readonly upTo: number; readonly partitions: readonly number[] }

export type Report =
  /** Connected: a customer can order from now on. */
  | { readonly event: 'ready' }
  /** A member of its group. */
  | { readonly event: 'joined' }
  | { readonly event: 'overtaken'; readonly partition: number }
  | { readonly event: 'failed'; readonly why: string }

/** Both ends are this program, of one version; what is no such line is none of it. */
export function readLine<Line extends Instruction | Report>(line: string): Line | undefined {
  try {
    const found: unknown = JSON.parse(line)
    return typeof found === 'object' && found !== null && ('do' in found || 'event' in found)
      ? (found as Line)
      : undefined
  } catch {
    return undefined
  }
}
