/**
 * What the log says of a streams group (KIP-1071): hard state, changed by replay alone (Kafka: StreamsGroup). What its topology comes to on the
 * cluster's topics is computed beside it (`topology/configure.ts`), so that its state is told by `stateOf`, which knows both.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { StateRecord } from '../../coordinator.ts'
import type { CheckPartition, Committer } from '../group.ts'
import { checkStreamsCommit } from './check-commit.ts'
import { goneEpoch, isReconciledTo, type StreamsMember, saidBytes } from './member.ts'
import { type GroupMetadata, groupTombstones } from './records.ts'
import { type HeldTasks, noTasks, type ReplicaRole, type Tasks, tasksOf } from './tasks.ts'
import { readsTopic, type Topology, topologyBytes } from './topology/topology.ts'

/** A group that nothing was written of is in this epoch, and so is its target: a member's epoch is never 0 once it has joined. */
const firstEpoch = 1

export type StreamsGroupState = 'Empty' | 'NotReady' | 'Assigning' | 'Reconciling' | 'Stable'

export class StreamsGroup {
  readonly kind = 'streams'
  readonly groupId: string
  metadata: GroupMetadata = {
    ...{ epoch: firstEpoch, metadataHash: 0n, validatedTopologyEpoch: -1 },
    assignmentConfigs: new Map()
  }
  /** The epoch of the group that the target is made for. */
  assignmentEpoch = firstEpoch
  assignmentTimestampMs = 0
  #topology: Topology | null = null
  #saidBytes = 0
  readonly #members = new Map<string, StreamsMember>()
  /** Member ids by group instance id. */
  readonly #staticMembers = new Map<string, string>()
  readonly #targets = new Map<string, Tasks>()
  /** How many members of each process run or follow each task, whether it is to be given up or not. */
  readonly #processes = { active: new TaskProcesses(), standby: new TaskProcesses(), warmup: new TaskProcesses() }

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get epoch(): number {
    return this.metadata.epoch
  }

  get topology(): Topology | null {
    return this.#topology
  }

  set topology(topology: Topology | null) {
    this.#saidBytes += (topology ? topologyBytes(topology) : 0) - (this.#topology ? topologyBytes(this.#topology) : 0)
    this.#topology = topology
  }

  /** About what it holds of what members say of themselves. */
  get saidBytes(): number {
    return this.#saidBytes
  }

  get members(): ReadonlyMap<string, StreamsMember> {
    return this.#members
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** `isReady`: its topology can be assigned. */
  stateOf(isReady: boolean): StreamsGroupState {
    if (this.isEmpty) return 'Empty'
    if (!isReady) return 'NotReady'
    if (this.epoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.#members.values()) if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling'
    return 'Stable'
  }

  reads(topic: string): boolean {
    return !this.isEmpty && this.#topology !== null && readsTopic(this.#topology, topic)
  }

  checkCommit(committer: Committer): ErrorCode | CheckPartition {
    return checkStreamsCommit(this, committer)
  }

  /** Whether a member of this id and epoch may ask for offsets; whoever names none may always. */
  checkFetch(memberId: string | null, epoch: number): ErrorCode {
    if (memberId === null && epoch < 0) return ErrorCode.NONE
    const member = this.#members.get(memberId ?? '')
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    return member.epoch === epoch ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH
  }

  tombstones(): readonly StateRecord[] {
    return groupTombstones(this.groupId, this.#members.keys())
  }

  staticMember(instanceId: string | null): StreamsMember | undefined {
    return instanceId === null ? undefined : this.#members.get(this.#staticMembers.get(instanceId) ?? '')
  }

  target(memberId: string): Tasks {
    return this.#targets.get(memberId) ?? noTasks
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId)
  }

  /** The process that runs a task; undefined when nobody does. */
  activeProcess(subtopologyId: string, partition: number): string | undefined {
    return this.#processes.active.anyOf(subtopologyId, partition)
  }

  hasReplica(role: ReplicaRole, subtopologyId: string, partition: number, processId: string): boolean {
    return this.#processes[role].has(subtopologyId, partition, processId)
  }

  putMember(member: StreamsMember): void {
    this.#count(this.#members.get(member.memberId), -1)
    this.#members.set(member.memberId, member)
    this.#count(member, 1)
    if (member.instanceId !== null) this.#staticMembers.set(member.instanceId, member.memberId)
  }

  removeMember(memberId: string): void {
    const member = this.#members.get(memberId)
    this.#count(member, -1)
    this.#members.delete(memberId)
    const instanceId = member?.instanceId ?? null
    if (instanceId !== null && this.#staticMembers.get(instanceId) === memberId) this.#staticMembers.delete(instanceId)
  }

  putTarget(memberId: string, target: Tasks): void {
    this.#targets.set(memberId, target)
  }

  removeTarget(memberId: string): void {
    this.#targets.delete(memberId)
  }

  /** Null when the assignment's own record is gone. */
  putAssignment(value: { readonly assignmentEpoch: number; readonly assignmentTimestamp?: number } | null): void {
    this.assignmentEpoch = value?.assignmentEpoch ?? goneEpoch
    this.assignmentTimestampMs = value?.assignmentTimestamp ?? 0
  }

  #count(member: StreamsMember | undefined, by: 1 | -1): void {
    if (member === undefined) return
    this.#saidBytes += by * saidBytes(member)
    for (const held of [member.assigned, member.pendingRevocation]) this.#countTasks(held, member.processId, by)
  }

  #countTasks(held: HeldTasks, processId: string, by: 1 | -1): void {
    for (const role of ['active', 'standby', 'warmup'] as const) {
      for (const [subtopologyId, partition] of tasksOf(held[role])) {
        this.#processes[role].count(subtopologyId, partition, processId, by)
      }
    }
  }
}

/** How many members of which process have each task. */
class TaskProcesses {
  readonly #counts = new Map<string, Map<number, Map<string, number>>>()

  anyOf(subtopologyId: string, partition: number): string | undefined {
    return this.#counts.get(subtopologyId)?.get(partition)?.keys().next().value
  }

  has(subtopologyId: string, partition: number, processId: string): boolean {
    return this.#counts.get(subtopologyId)?.get(partition)?.has(processId) === true
  }

  count(subtopologyId: string, partition: number, processId: string, by: 1 | -1): void {
    const partitions = this.#counts.get(subtopologyId) ?? new Map<number, Map<string, number>>()
    this.#counts.set(subtopologyId, partitions)
    const processes = partitions.get(partition) ?? new Map<string, number>()
    partitions.set(partition, processes)
    const sum = (processes.get(processId) ?? 0) + by
    if (sum > 0) processes.set(processId, sum)
    else processes.delete(processId)
    if (processes.size === 0) partitions.delete(partition)
    if (partitions.size === 0) this.#counts.delete(subtopologyId)
  }
}
