/** What is known of a group, whichever request told it. */
import { partitionName, type TopicPartition } from '../partitions.ts'

/** The tasks of a member of a streams group, each `SUBTOPOLOGY_PARTITION`. */
export interface StreamsTasks {
  readonly active: readonly string[]
  /** Copies of the state of another member's active task. */
  readonly standby: readonly string[]
  /** The same, of one that is to come here once its state is there. */
  readonly warmup: readonly string[]
}

export interface GroupMember {
  readonly id: string
  readonly instanceId: string | null
  /** Null: a member of the classic protocol has none of its own. */
  readonly epoch: number | null
  readonly clientId: string
  readonly host: string
  /** Of a streams group: what its active tasks read. */
  readonly assignment: readonly TopicPartition[]
  /** Of a streams group. */
  readonly tasks?: StreamsTasks
}

export interface GroupDescription {
  readonly group: string
  /** Kafka's word: Stable, Empty, PreparingRebalance, Dead … */
  readonly state: string
  readonly type: 'classic' | 'consumer' | 'share' | 'streams'
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

/** The id of the member that has each partition, by `topic:partition`; of a share group one of those that read it. */
export function holdersIn({ members }: Pick<GroupDescription, 'members'>): ReadonlyMap<string, string> {
  return new Map(members.flatMap(({ id, assignment }) => assignment.map((one) => [partitionName(one), id] as const)))
}
