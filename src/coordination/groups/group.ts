/**
 * What every kind of group answers, so that whoever asks about offsets, or lists, or deletes, need not know which kind it is
 * (Kafka: Group). A group is told apart once, where it is found; each kind has its folder.
 */
import type { ErrorCode } from '../../protocol/error-codes.ts'
import type { StateRecord } from '../coordinator.ts'
import type { TopicKey } from './offsets/partition-answers.ts'
import type { CommittedOffset } from './offsets/state.ts'

/** Who commits offsets, as it says of itself. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Of a classic member its generation. Negative: it takes part in none. */
  readonly epoch: number
  readonly isTransactional: boolean
  readonly apiVersion: number
}

/** Whether the committer may commit for this partition. */
export type CheckPartition = (topic: TopicKey, partition: number) => ErrorCode

/** As ListGroups names it. */
export type GroupKind = 'classic' | 'consumer' | 'share' | 'streams'

export interface Group {
  readonly kind: GroupKind
  readonly groupId: string
  /** As ListGroups names it. */
  readonly state: string
  readonly protocolType: string
  readonly isEmpty: boolean
  /** It commits offsets, and is forgotten when all of them have expired. Otherwise it stays until somebody deletes it. */
  readonly hasOffsets: boolean
  /** An error for all of a commit, or NONE, or a look at each partition, of which the first error is for all. */
  checkCommit(committer: Committer): ErrorCode | CheckPartition
  /** Nobody knows what its members read, so that none of its offsets can be told to be unused. */
  readonly hidesWhatItReads: boolean
  reads(topic: string): boolean
  /** From when on an offset counts as unused; null: none expires as the group is now. */
  readonly unusedSince: ((committed: CommittedOffset) => number) | null
  /** What takes the group itself out of the log, not its offsets. */
  tombstones(): readonly StateRecord[]
}
