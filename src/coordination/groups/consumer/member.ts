/** A member of a consumer group, as the log says: hard state (Kafka: ConsumerGroupMember). A change makes another one. */
import { limits } from '../../../limits.ts'
import type { ConsumerGroupMemberMetadataValueClassicMemberMetadata } from '../../../protocol/generated/group-log/consumer-group-member-metadata-value.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { noPartitionEpochs, type PartitionEpochs, samePartitionEpochs } from './partitions.ts'

/** How far a member has come on the way to its target (Kafka: MemberState, whose numbers stand in the log). */
export const MemberState = {
  stable: 0,
  /** It has not given up yet what it has to give up. */
  unrevokedPartitions: 1,
  /** It lacks partitions that others have not given up yet. */
  unreleasedPartitions: 2
} as const

/** What a member says that takes part by the classic protocol. */
export type ClassicMember = Decoded<ConsumerGroupMemberMetadataValueClassicMemberMetadata>

export interface ConsumerMember {
  readonly memberId: string
  readonly epoch: number
  /** The epoch before, which it may still name as long as it has not heard of the newer one. */
  readonly previousEpoch: number
  /** One of MemberState; any other number is of a later Kafka. */
  readonly state: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly clientId: string
  readonly clientHost: string
  readonly topicNames: ReadonlySet<string>
  /** Empty: none. Null in records of members that never said. */
  readonly expression: string | null
  readonly assignor: string | null
  readonly assigned: PartitionEpochs
  readonly pendingRevocation: PartitionEpochs
  /** Null for whoever speaks the consumer protocol. */
  readonly classic: ClassicMember | null
}

/** A static member that is away for a while has this epoch. */
export const awayEpoch = -2
/** Of a member that has left for good. */
export const goneEpoch = -1

export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    epoch: 0,
    previousEpoch: -1,
    state: MemberState.stable,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    clientId: '',
    clientHost: '',
    topicNames: new Set(),
    expression: '',
    assignor: null,
    assigned: noPartitionEpochs,
    pendingRevocation: noPartitionEpochs,
    classic: null
  }
}

/** The expression that the member subscribes by. */
export function expressionOf(member: ConsumerMember | undefined): string | null {
  return member?.expression || null
}

export function isReconciledTo({ state, epoch }: ConsumerMember, assignmentEpoch: number): boolean {
  return state === MemberState.stable && epoch === assignmentEpoch
}

/** About what is held of what the member says of itself. */
export function saidBytes({ memberId, clientId, expression, topicNames, classic }: ConsumerMember): number {
  let bytes = memberId.length + clientId.length + (expression?.length ?? 0) + limits.memberOverheadBytes
  for (const name of topicNames) bytes += name.length + limits.memberOverheadBytes
  for (const { name, metadata } of classic?.supportedProtocols ?? []) bytes += name.length + metadata.length
  return bytes
}

/** Whether two say the same of what a member itself brings: its subscription and who it is. */
export function saysTheSame(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one.instanceId === other.instanceId &&
    one.rackId === other.rackId &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    one.expression === other.expression &&
    one.assignor === other.assignor &&
    sameNames(one.topicNames, other.topicNames) &&
    sameClassic(one.classic, other.classic)
  )
}

/** Whether two stand at the same place on the way to their target. */
export function standsTheSame(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one.epoch === other.epoch &&
    one.previousEpoch === other.previousEpoch &&
    one.state === other.state &&
    samePartitionEpochs(one.assigned, other.assigned) &&
    samePartitionEpochs(one.pendingRevocation, other.pendingRevocation)
  )
}

export function sameNames(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  if (some === others) return true
  if (some.size !== others.size) return false
  for (const name of some) if (!others.has(name)) return false
  return true
}

function sameClassic(one: ClassicMember | null, other: ClassicMember | null): boolean {
  if (one === null || other === null) return one === other
  if (one.sessionTimeoutMs !== other.sessionTimeoutMs) return false
  if (one.supportedProtocols.length !== other.supportedProtocols.length) return false
  return one.supportedProtocols.every(({ name, metadata }, index) => {
    const protocol = other.supportedProtocols[index]
    return protocol?.name === name && protocol.metadata.equals(metadata)
  })
}
