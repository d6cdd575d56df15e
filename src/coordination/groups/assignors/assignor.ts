/**
 * What a server-side assignor is given and what it gives (KIP-848; Kafka: PartitionAssignor, GroupSpec, GroupAssignment). It is a pure
 * function; members come in the order of their ids, so that who gets one partition more does not hang on who came first.
 */
import type { Partitions } from '../consumer/partitions.ts'
import { assignInRanges } from './range.ts'
import { assignAlike } from './uniform-alike.ts'
import { assignMixed } from './uniform-mixed.ts'

export interface AssignedMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Topics that exist, by id. */
  readonly topicIds: ReadonlySet<string>
  /** What it was to have until now. */
  readonly target: Partitions
}

export interface Assignment {
  readonly members: readonly AssignedMember[]
  /** All members subscribe to the same. */
  readonly isAlike: boolean
  partitionCount(topicId: string): number
}

/** By member id; who is missing gets nothing. */
export type Targets = ReadonlyMap<string, Partitions>

export const assignors: Readonly<Record<string, (assignment: Assignment) => Targets>> = {
  uniform: (assignment) => (assignment.isAlike ? assignAlike(assignment) : assignMixed(assignment)),
  range: assignInRanges
}
