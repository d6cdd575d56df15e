/** A classic group, as what every kind of group answers (Kafka: ClassicGroup.validateOffsetCommit, offsetExpirationCondition). */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { Committer, Group } from '../group.ts'
import type { CommittedOffset } from '../offsets/state.ts'
import { groupTombstone } from '../records.ts'
import { checkMember } from './validate.ts'
import { consumerProtocolType, isSubscribedTo, type Round } from './waiting.ts'

export class ClassicGroup implements Group {
  readonly kind = 'classic'
  readonly hasOffsets = true
  readonly groupId: string
  readonly #round: Round

  constructor(groupId: string, round: Round) {
    this.groupId = groupId
    this.#round = round
  }

  get state(): string {
    return this.#round.state
  }

  get protocolType(): string {
    return this.#round.protocolType ?? ''
  }

  get isEmpty(): boolean {
    return this.#round.state === 'Empty'
  }

  checkCommit({ memberId, groupInstanceId, epoch: generation, isTransactional }: Committer): ErrorCode {
    const round = this.#round
    const isOutsideGenerations = generation < 0
    // An administrator, or a consumer that assigns itself its partitions.
    if (isOutsideGenerations && this.isEmpty) return ErrorCode.NONE
    if (isOutsideGenerations && memberId === '' && groupInstanceId === null) {
      // Whoever commits within a transaction and names nobody may always: its producer is fenced.
      return isTransactional ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
    }
    const errorCode = checkMember(round, memberId, groupInstanceId)
    if (errorCode !== ErrorCode.NONE) return errorCode
    if (generation !== round.generation) return ErrorCode.ILLEGAL_GENERATION
    const isTooLate = round.state === 'CompletingRebalance' && !isTransactional
    return isTooLate ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
  }

  get hidesWhatItReads(): boolean {
    return !this.isEmpty && this.#round.protocolType !== consumerProtocolType
  }

  reads(topic: string): boolean {
    return isSubscribedTo(this.#round, topic)
  }

  get unusedSince(): ((committed: CommittedOffset) => number) | null {
    const { protocolType, state, stateTimestampMs, subscribedTopics } = this.#round
    if (protocolType === null) return ({ commitTimestampMs }) => commitTimestampMs
    if (this.isEmpty) return ({ commitTimestampMs }) => stateTimestampMs ?? commitTimestampMs
    const isKnown = protocolType === consumerProtocolType && subscribedTopics !== null
    return state === 'Stable' && isKnown ? ({ commitTimestampMs }) => commitTimestampMs : null
  }

  tombstones(): readonly StateRecord[] {
    return [groupTombstone(this.groupId)]
  }
}
