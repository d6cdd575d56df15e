/**
 * What the log says of a consumer group (KIP-848): hard state, changed by replay alone (Kafka: ConsumerGroup, ModernGroup).
 *
 * A group has an epoch, which grows with what its members subscribe to; a target assignment, made for one of these epochs; and members,
 * each of which is somewhere on its way to its target: it gives up first what it has to give up, and is given what others gave up.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import { assignors } from '../assignors/assignor.ts'
import type { CheckPartition, Committer, Group } from '../group.ts'
import type { CommittedOffset } from '../offsets/state.ts'
import { checkConsumerCommit } from './check-commit.ts'
import { Counts } from './counts.ts'
import { type ConsumerMember, goneEpoch, isReconciledTo, saidBytes } from './member.ts'
import { noPartitions, type PartitionEpochs, type Partitions } from './partitions.ts'
import { groupTombstones } from './records.ts'
import { type ResolvedExpression, Subscriptions } from './subscriptions.ts'

const assignorNames = Object.keys(assignors)

/** A group that nothing was written of is in this epoch, and so is its target: a member's epoch is never 0 once it has joined. */
const firstEpoch = 1

export class ConsumerGroup implements Group {
  readonly kind = 'consumer'
  readonly protocolType = 'consumer'
  readonly groupId: string
  epoch = firstEpoch
  /** Of the topics that it subscribes to, as they were in this epoch. */
  metadataHash = 0n
  /** The epoch of the group that the target is made for. */
  assignmentEpoch = firstEpoch
  assignmentTimestampMs = 0
  /** Kafka before 4.1 wrote the topics out instead of their hash. */
  hasPartitionMetadata = false
  /** About what it holds of what members say of themselves. */
  saidBytes = 0
  readonly subscriptions = new Subscriptions()
  readonly #members = new Map<string, ConsumerMember>()
  /** Member ids by group instance id. */
  readonly #staticMembers = new Map<string, string>()
  readonly #targets = new Map<string, Partitions>()
  readonly #resolved = new Map<string, ResolvedExpression>()
  readonly #assignors = new Counts()
  readonly #classicProtocols = new Counts()
  #classicMemberCount = 0
  /** Which epoch each partition is owned in, whether it is to be given up or not. */
  readonly #partitionEpochs = new Map<string, Map<number, number>>()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members
  }

  get resolvedExpressions(): ReadonlyMap<string, ResolvedExpression> {
    return this.#resolved
  }

  get classicMemberCount(): number {
    return this.#classicMemberCount
  }

  get state(): 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' {
    if (this.isEmpty) return 'Empty'
    if (this.epoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.#members.values()) if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling'
    return 'Stable'
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  readonly hasOffsets = true

  /** They say what they read: none of it is hidden. */
  readonly hidesWhatItReads = false

  reads(topic: string): boolean {
    return this.subscriptions.has(topic)
  }

  unusedSince({ commitTimestampMs }: CommittedOffset): number {
    return commitTimestampMs
  }

  checkCommit(committer: Committer): ErrorCode | CheckPartition {
    return checkConsumerCommit(this, committer)
  }

  /** Whether a member of this id and epoch may ask for offsets; whoever names none may always (Kafka: validateOffsetFetch). */
  checkFetch(memberId: string | null, epoch: number): ErrorCode {
    if (memberId === null && epoch < 0) return ErrorCode.NONE
    const member = this.#members.get(memberId ?? '')
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    if (member.epoch === epoch) return ErrorCode.NONE
    return member.classic === null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION
  }

  tombstones(): readonly StateRecord[] {
    return groupTombstones(this.groupId, this.#members.keys(), this.#resolved.keys())
  }

  staticMember(instanceId: string | null): ConsumerMember | undefined {
    if (instanceId === null) return undefined
    return this.#members.get(this.#staticMembers.get(instanceId) ?? '')
  }

  target(memberId: string): Partitions {
    return this.#targets.get(memberId) ?? noPartitions
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId)
  }

  /** -1 when nobody owns it. */
  partitionEpoch(topicId: string, partition: number): number {
    return this.#partitionEpochs.get(topicId)?.get(partition) ?? -1
  }

  /** The assignor that most members want, if the one stands in the place of the other; null when none of them names one. */
  wantedAssignor(before?: ConsumerMember, after?: ConsumerMember): string | null {
    const counts = before === undefined && after === undefined ? this.#assignors : this.#assignors.copy()
    if (before?.assignor) counts.add(before.assignor, -1)
    if (after?.assignor) counts.add(after.assignor, 1)
    let [wanted, most]: [string | null, number] = [null, 0]
    // Where as many want the one as the other it is always the same one, whoever was heard last: `uniform`, as in Kafka.
    for (const name of assignorNames) if (counts.of(name) > most) [wanted, most] = [name, counts.of(name)]
    return wanted
  }

  /** Whether one of these protocols is spoken by all members that take part by the classic protocol. */
  supportsClassic(protocolType: string, protocols: readonly { readonly name: string }[]): boolean {
    if (protocolType !== this.protocolType) return false
    if (this.isEmpty) return protocols.length > 0
    return protocols.some(({ name }) => this.#classicProtocols.of(name) === this.#classicMemberCount)
  }

  putMember(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId)
    this.#members.set(member.memberId, member)
    this.#count(before, member)
    if (member.instanceId !== null) this.#staticMembers.set(member.instanceId, member.memberId)
    for (const owned of [member.assigned, member.pendingRevocation]) this.#own(owned, member.epoch)
  }

  removeMember(memberId: string): void {
    const before = this.#members.get(memberId)
    this.#members.delete(memberId)
    this.#count(before, undefined)
  }

  putTarget(memberId: string, target: Partitions): void {
    this.#targets.set(memberId, target)
  }

  removeTarget(memberId: string): void {
    this.#targets.delete(memberId)
  }

  putResolved(expression: string, resolved: ResolvedExpression | null): void {
    this.subscriptions.resolved(this.#resolved.get(expression), resolved ?? undefined)
    if (resolved === null) this.#resolved.delete(expression)
    else this.#resolved.set(expression, resolved)
  }

  /** Null when the assignment's own record is gone. */
  putAssignment(value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null): void {
    this.assignmentEpoch = value?.assignmentEpoch ?? goneEpoch
    this.assignmentTimestampMs = value?.assignmentTimestamp ?? 0
  }

  #count(before: ConsumerMember | undefined, after: ConsumerMember | undefined): void {
    this.subscriptions.member(before, after)
    this.saidBytes += (after ? saidBytes(after) : 0) - (before ? saidBytes(before) : 0)
    if (before?.assignor) this.#assignors.add(before.assignor, -1)
    if (after?.assignor) this.#assignors.add(after.assignor, 1)
    this.#countClassic(before, -1)
    this.#countClassic(after, 1)
    if (before === undefined) return
    if (before.instanceId !== null) this.#staticMembers.delete(before.instanceId)
    for (const owned of [before.assigned, before.pendingRevocation]) this.#release(owned, before.epoch)
  }

  #countClassic(member: ConsumerMember | undefined, count: 1 | -1): void {
    if (!member?.classic) return
    this.#classicMemberCount += count
    for (const { name } of member.classic.supportedProtocols) this.#classicProtocols.add(name, count)
  }

  #own(owned: PartitionEpochs, epoch: number): void {
    for (const [topicId, partitions] of owned) {
      const epochs = this.#partitionEpochs.get(topicId) ?? new Map<number, number>()
      this.#partitionEpochs.set(topicId, epochs)
      for (const partition of partitions.keys()) epochs.set(partition, epoch)
    }
  }

  /** Another may own it by now, in an epoch of its own. */
  #release(owned: PartitionEpochs, epoch: number): void {
    for (const [topicId, partitions] of owned) {
      const epochs = this.#partitionEpochs.get(topicId)
      for (const partition of partitions.keys()) if (epochs?.get(partition) === epoch) epochs.delete(partition)
      if (epochs?.size === 0) this.#partitionEpochs.delete(topicId)
    }
  }
}
