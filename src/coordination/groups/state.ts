/** The hard state of one coordinator: everything that its partition of `__consumer_offsets` says. Changed by replay alone. */
import type { GroupMetadata } from './classic/state.ts'
import type { ConsumerGroup } from './consumer/state.ts'
import { PendingOffsets } from './offsets/pending.ts'
import { CommittedOffsets } from './offsets/state.ts'
import type { ShareGroup } from './share/state.ts'
import type { StreamsGroup } from './streams/state.ts'

export class GroupsState {
  readonly groups = new Map<string, GroupMetadata | ConsumerGroup | ShareGroup | StreamsGroup>()
  readonly offsets = new CommittedOffsets()
  readonly pendingOffsets = new PendingOffsets()
  /** The types of records that no Kafka up to this version writes: they were passed over. */
  readonly unknownTypes = new Set<number>()

  classic(groupId: string): GroupMetadata | undefined {
    const group = this.groups.get(groupId)
    return group?.kind === 'classic' ? group : undefined
  }

  consumer(groupId: string): ConsumerGroup | undefined {
    const group = this.groups.get(groupId)
    return group?.kind === 'consumer' ? group : undefined
  }

  share(groupId: string): ShareGroup | undefined {
    const group = this.groups.get(groupId)
    return group?.kind === 'share' ? group : undefined
  }

  streams(groupId: string): StreamsGroup | undefined {
    const group = this.groups.get(groupId)
    return group?.kind === 'streams' ? group : undefined
  }
}
