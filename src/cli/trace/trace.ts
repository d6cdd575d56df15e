/**
 * What is known about one message: the shape of `odradek trace -o json`. Fields are only ever added.
 */
import type { Partitioning } from './partitioning.ts'

export interface Trace {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  /** Whether the producer set the time, or the broker when it appended. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headerCount: number
  /** Null: the producer was not idempotent, its batches carry no numbers. */
  readonly producer: ProducerMark | null
  readonly batch: BatchMark
  readonly partitioning: Partitioning
  readonly log: LogMarks
  readonly copies: readonly Copy[]
  /** Every group that could be asked about. */
  readonly groups: readonly GroupProgress[]
}

export interface ProducerMark {
  readonly id: bigint
  readonly epoch: number
  /** Of this record; the broker recognizes a repeated batch by the numbers of its first and last record. */
  readonly sequence: number
}

export interface BatchMark {
  readonly firstOffset: bigint
  readonly lastOffset: bigint
  /** How many records it holds now; compaction may have taken some. */
  readonly records: number
  /** Of this record in the batch, from 0. */
  readonly index: number
  readonly sizeBytes: number
  readonly compression: string
  readonly crc: number
  readonly leaderEpoch: number
  /** Null: not part of a transaction. */
  readonly transaction: 'open' | 'committed' | 'aborted' | null
}

/** Of the partition, when the record was read. */
export interface LogMarks {
  readonly startOffset: bigint
  /** Below it all in-sync copies have the records; consumers see no further. */
  readonly highWatermark: bigint
  /** Below it no transaction is open; consumers with read_committed see no further. */
  readonly lastStableOffset: bigint
  readonly visibleTo: 'all' | 'read_uncommitted' | 'none'
}

/** One broker's copy of the partition. */
export interface Copy {
  readonly node: number
  readonly role: 'leader' | 'follower'
  readonly inSync: boolean
  /** Where the broker says its log lies; null: it cannot be asked. */
  readonly directory: string | null
  readonly sizeBytes: bigint | null
  /** How many offsets the copy's end lies behind the high watermark that its broker knows. */
  readonly behind: bigint | null
  /** Where the batch lies in a file that can be read here. */
  readonly file: FilePlace | null
  /** Why there is no file, or no directory. */
  readonly note: string | null
}

export interface FilePlace {
  readonly path: string
  /** Of the batch's first byte. */
  readonly position: number
  /** Of the batch. */
  readonly sizeBytes: number
}

export interface GroupProgress {
  readonly group: string
  readonly type: string
  readonly state: string
  /** The group's bookmark in this partition: the next offset it reads. Null: none. */
  readonly committed: bigint | null
  /** read: the bookmark lies behind the message; never: neither a bookmark nor a member here. */
  readonly status: 'read' | 'waiting' | 'never' | 'unknown'
  /** For one that waits: how many offsets it has to pass before this message. Null: it has no bookmark yet. */
  readonly before: bigint | null
  /** Who owns the partition in this group now. */
  readonly member: { readonly id: string; readonly clientId: string; readonly host: string } | null
  /** Why the status is unknown. */
  readonly note: string | null
}
