/** The hard state of one coordinator: everything that its partition of `__consumer_offsets` says. Changed by replay alone. */
import type { GroupMetadata } from './classic/state.ts'
import { PendingOffsets } from './offsets/pending.ts'
import { CommittedOffsets } from './offsets/state.ts'

export class GroupsState {
  readonly groups = new Map<string, GroupMetadata>()
  readonly offsets = new CommittedOffsets()
  readonly pendingOffsets = new PendingOffsets()
  /** The types of records that no Kafka up to this version writes: they were passed over. */
  readonly unknownTypes = new Set<number>()
}
