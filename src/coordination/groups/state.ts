/** The hard state of one coordinator: everything that its partition of `__consumer_offsets` says. Changed by replay alone. */
import type { GroupMetadata } from './classic/state.ts'
import { CommittedOffsets } from './offsets/state.ts'

export class GroupsState {
  readonly groups = new Map<string, GroupMetadata>()
  readonly offsets = new CommittedOffsets()
  /** Committed in transactions that a real Kafka left open: nobody here ends them (Kafka: pendingTransactionalOffsets). */
  readonly pendingOffsets = new CommittedOffsets()
  /** The types of records that no Kafka up to this version writes: they were passed over. */
  readonly unknownTypes = new Set<number>()
}
