/**
 * What the console's server tells its page, and is told by it: JSON, as the page finds it. Offsets are numbers there: whole up to 2^53.
 */

export interface ClusterView {
  readonly clusterId: string | null
  /** As it was named to the console: `localhost:9092`. */
  readonly bootstrap: string
  readonly controllerId: number
  readonly brokers: readonly BrokerView[]
  readonly isReadOnly: boolean
}

export interface BrokerView {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Partitions that it leads, and of which it has a copy. */
  readonly leads: number
  readonly copies: number
}

export interface TopicLine {
  readonly name: string
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicas: number
  /** Of all partitions that can be read: where they begin, and where they end. */
  readonly start: number
  readonly end: number
  /** Partitions whose leader does not answer for them. */
  readonly unreadable: number
}

export interface TopicsView {
  readonly atMs: number
  readonly topics: readonly TopicLine[]
}

export interface PartitionView {
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** Null: its leader does not tell; `trouble` says why. */
  readonly start: number | null
  readonly end: number | null
  readonly trouble: string | null
}

export interface SettingView {
  readonly name: string
  readonly value: string | null
  readonly source: string
}

export interface TopicView {
  readonly atMs: number
  readonly name: string
  readonly id: string
  readonly partitions: readonly PartitionView[]
}

export interface GroupLine {
  readonly name: string
  readonly state: string
  readonly kind: string
  /** Null: it cannot be told. */
  readonly lag: number | null
  readonly topics: readonly string[]
  /** Why it cannot be told of. */
  readonly trouble: string | null
}

export interface GroupsView {
  readonly atMs: number
  readonly groups: readonly GroupLine[]
}

export interface GroupPartitionView {
  readonly topic: string
  readonly partition: number
  readonly committed: number | null
  readonly end: number | null
  readonly lag: number | null
  readonly members: readonly string[]
}

export interface GroupMemberView {
  readonly id: string
  readonly clientId: string
  readonly host: string
  readonly epoch: number | null
  readonly partitions: readonly string[]
}

export interface GroupView {
  readonly atMs: number
  readonly name: string
  readonly state: string
  readonly kind: string
  readonly coordinator: number
  readonly members: readonly GroupMemberView[]
  readonly partitions: readonly GroupPartitionView[]
}

/** Why the readers of a group, or of a topic, get nothing: one sentence for each cause, and what can be done. */
export interface FindingView {
  readonly cause: string
  readonly partitions: readonly string[]
  readonly text: string
  readonly next: string | null
}

/** A part of bytes that a person may look at: text where they are text, else hexadecimal digits. */
export interface BytesView {
  readonly text: string
  readonly isText: boolean
  readonly sizeBytes: number
  /** There is more than `text` shows. */
  readonly isCut: boolean
}

export interface RecordView {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly timestampType: string
  readonly key: BytesView | null
  readonly value: BytesView | null
  readonly headers: readonly (readonly [name: string, value: BytesView | null])[]
  /** So many more there are. */
  readonly headersLeftOut: number
  readonly producerId: number | null
  readonly isTransactional: boolean
}

export interface RecordsView {
  /** Newest first. */
  readonly records: readonly RecordView[]
  /** What asks for the records before these; null when there are none. */
  readonly before: string | null
}

/** What came since the last word, newest first, where more came than is shown. */
export interface LiveRecords {
  readonly records: readonly RecordView[]
  readonly skipped: number
}

export interface RecordToProduce {
  readonly key: string | null
  /** Null: a tombstone. */
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Null: by the key. */
  readonly partition: number | null
}

export interface ProducedView {
  readonly partition: number
  readonly offset: number
}

/** What is wrong, why, and what to do: as the commands tell it. */
export interface ProblemView {
  readonly what: string
  readonly why: string | null
  readonly next: string | null
}
