/**
 * What the log says of a share group (KIP-932): hard state, changed by replay alone (Kafka: ShareGroup, ModernGroup). It has no committed
 * offsets: how far its partitions are, share coordinators keep.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import { Counts } from '../consumer/counts.ts'
import { noPartitions, type Partitions } from '../consumer/partitions.ts'
import type { Group } from '../group.ts'
import { type ShareMember, saidBytes } from './member.ts'
import { groupTombstones } from './records.ts'
import type { StatePartitions } from './state-partitions.ts'

/** A group that nothing was written of is in this epoch, and so is its target: a member's epoch is never 0 once it has joined. */
const firstEpoch = 1

export class ShareGroup implements Group {
  readonly kind = 'share'
  readonly protocolType = 'share'
  readonly groupId: string
  epoch = firstEpoch
  /** Of the topics that it subscribes to, as they were in this epoch. */
  metadataHash = 0n
  /** The epoch of the group that the target is made for. */
  assignmentEpoch = firstEpoch
  assignmentTimestampMs = 0
  /** Null: nothing was ever said of any. */
  statePartitions: StatePartitions | null = null
  /** About what it holds of what members say of themselves. */
  saidBytes = 0
  /** How many members subscribe to each topic. */
  readonly subscriptions = new Counts()
  readonly #members = new Map<string, ShareMember>()
  readonly #targets = new Map<string, Partitions>()
  /** How many members are to read each partition. */
  readonly #readers = new Map<string, Map<number, number>>()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get members(): ReadonlyMap<string, ShareMember> {
    return this.#members
  }

  get state(): 'Empty' | 'Stable' {
    return this.isEmpty ? 'Empty' : 'Stable'
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  readonly hasOffsets = false
  readonly hidesWhatItReads = false
  readonly unusedSince = null

  checkCommit(): ErrorCode {
    return ErrorCode.GROUP_ID_NOT_FOUND
  }

  reads(topic: string): boolean {
    return this.subscriptions.of(topic) > 0
  }

  tombstones(): readonly StateRecord[] {
    return groupTombstones(this.groupId, this.#members.keys())
  }

  target(memberId: string): Partitions {
    return this.#targets.get(memberId) ?? noPartitions
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId)
  }

  /** So many partitions of the topic somebody is to read. */
  assignedCount(topicId: string): number {
    return this.#readers.get(topicId)?.size ?? 0
  }

  putMember(member: ShareMember): void {
    this.#count(this.#members.get(member.memberId), member)
    this.#members.set(member.memberId, member)
  }

  removeMember(memberId: string): void {
    this.#count(this.#members.get(memberId), undefined)
    this.#members.delete(memberId)
  }

  putTarget(memberId: string, target: Partitions): void {
    this.#read(this.target(memberId), -1)
    this.#targets.set(memberId, target)
    this.#read(target, 1)
  }

  removeTarget(memberId: string): void {
    this.#read(this.target(memberId), -1)
    this.#targets.delete(memberId)
  }

  #count(before: ShareMember | undefined, after: ShareMember | undefined): void {
    for (const name of before?.topicNames ?? []) this.subscriptions.add(name, -1)
    for (const name of after?.topicNames ?? []) this.subscriptions.add(name, 1)
    this.saidBytes += (after ? saidBytes(after) : 0) - (before ? saidBytes(before) : 0)
  }

  #read(target: Partitions, count: 1 | -1): void {
    for (const [topicId, partitions] of target) {
      const readers = this.#readers.get(topicId) ?? new Map<number, number>()
      this.#readers.set(topicId, readers)
      for (const partition of partitions) {
        const sum = (readers.get(partition) ?? 0) + count
        if (sum > 0) readers.set(partition, sum)
        else readers.delete(partition)
      }
      if (readers.size === 0) this.#readers.delete(topicId)
    }
  }
}
