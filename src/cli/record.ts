/**
 * A record as it was read, with what its batch and its partition say about it.
 */
export type Header = readonly [name: Buffer, value: Buffer | null]

export interface ConsumedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  /** Whether the producer or the broker's log set the time. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly attributes: number
  readonly leaderEpoch: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly logStartOffset: bigint
  readonly lastStableOffset: bigint
  readonly highWatermark: bigint
}

/** What `produce` sends. No partition: the key decides, as in Java's client. No timestamp: now. */
export interface RecordToSend {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly partition?: number | undefined
  readonly timestampMs?: number | undefined
  /** Of the input, counted from 1, to name the record by. */
  readonly line?: number
}
