/** What is known of a group, whichever request told it. */
import type { TopicPartition } from '../partitions.ts'

export interface GroupMember {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly group: string
  /** Kafka's word: Stable, Empty, PreparingRebalance, Dead … */
  readonly state: string
  readonly type: 'classic' | 'consumer'
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}
