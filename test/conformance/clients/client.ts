/** What a suite asks of a foreign client: write these records, read them back. One file here implements it for each client. */
import type { DataRecord } from '../../harness/real-data.ts'
import type { Tool } from '../../harness/tools.ts'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]
export type Acks = 0 | 1 | 'all'

export interface ProduceOptions {
  readonly topic: string
  readonly codec: Codec
  readonly acks: Acks
}

export interface ConsumeOptions {
  readonly topic: string
  readonly count: number
  /** Reads as a member of this group, from the earliest offset; a client that cannot do without makes one up. */
  readonly group?: string
}

export interface ConsumedRecord {
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Null when the client does not show headers. */
  readonly headers: Readonly<Record<string, string>> | null
}

export interface Client {
  readonly name: string
  /** What must be there to run it. */
  readonly tool: () => Tool
  /** The codecs it writes; none when it does not write what it is given. */
  readonly writes: readonly Codec[]
  readonly reads: readonly Codec[]
  /** 'each': a record has its own headers; 'constant': all records of one call have the same ones. */
  readonly headers: 'each' | 'constant'
  produce(bootstrap: string, records: readonly DataRecord[], options: ProduceOptions): Promise<void>
  consume(bootstrap: string, options: ConsumeOptions): Promise<ConsumedRecord[]>
}

export const READ_TIMEOUT_MS = 60_000

export function acksNumber(acks: Acks): number {
  return acks === 'all' ? -1 : acks
}

/** The header that every record of the data sets has with the same value: all that a client with constant headers writes. */
export const CONSTANT_HEADER = 'source'

let groups = 0
/** A group that no other call uses. */
export function uniqueGroup(): string {
  groups += 1
  return `round-trip-${process.pid}-${groups}`
}
