/** A streams group as all kinds of groups are asked, at this moment: its state depends on the topics that there are. */
import type { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { CheckPartition, Committer, Group } from '../group.ts'
import type { CommittedOffset } from '../offsets/state.ts'
import type { StreamsGroup, StreamsGroupState } from './state.ts'

export class StreamsGroupNow implements Group {
  readonly kind = 'streams'
  readonly protocolType = 'streams'
  readonly groupId: string
  readonly isEmpty: boolean
  readonly hasOffsets = true
  readonly hidesWhatItReads = false
  readonly #group: StreamsGroup
  readonly #isReady: () => boolean

  /** `isReady`: its topology can be assigned. */
  constructor(group: StreamsGroup, isReady: () => boolean) {
    this.#group = group
    this.groupId = group.groupId
    this.isEmpty = group.isEmpty
    this.#isReady = isReady
  }

  get state(): StreamsGroupState {
    return this.#group.stateOf(this.#isReady())
  }

  checkCommit(committer: Committer): ErrorCode | CheckPartition {
    return this.#group.checkCommit(committer)
  }

  reads(topic: string): boolean {
    return this.#group.reads(topic)
  }

  unusedSince({ commitTimestampMs }: CommittedOffset): number {
    return commitTimestampMs
  }

  tombstones(): readonly StateRecord[] {
    return this.#group.tombstones()
  }
}
