/** A member of a streams group, as the log says: hard state (Kafka: StreamsGroupMember). A change makes another one. */
import { limits } from '../../../limits.ts'
import { type HeldTasks, noHeldTasks, sameHeldTasks } from './tasks.ts'

/** How far a member has come on the way to its target (Kafka: streams.MemberState, whose numbers stand in the log). */
export const MemberState = {
  stable: 1,
  /** It has not given up yet what it has to give up. */
  unrevokedTasks: 2,
  /** It lacks tasks that others have not given up yet. */
  unreleasedTasks: 3
} as const

/** Where the application answers queries of its states. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface StreamsMember {
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
  readonly topologyEpoch: number
  /** Members of one process have one directory of states. */
  readonly processId: string
  readonly endpoint: Endpoint | null
  readonly clientTags: ReadonlyMap<string, string>
  readonly assigned: HeldTasks
  readonly pendingRevocation: HeldTasks
}

/** A static member that is away for a while has this epoch. */
export const awayEpoch = -2
/** Of a member that has left for good. */
export const goneEpoch = -1

export function newStreamsMember(memberId: string): StreamsMember {
  return {
    ...{ memberId, epoch: 0, previousEpoch: -1, state: MemberState.stable },
    ...{ instanceId: null, rackId: null, rebalanceTimeoutMs: -1, clientId: '', clientHost: '' },
    ...{ topologyEpoch: -1, processId: '', endpoint: null, clientTags: new Map() },
    ...{ assigned: noHeldTasks, pendingRevocation: noHeldTasks }
  }
}

export function isReconciledTo({ state, epoch }: StreamsMember, assignmentEpoch: number): boolean {
  return state === MemberState.stable && epoch === assignmentEpoch
}

/** About what is held of what the member says of itself. */
export function saidBytes(member: StreamsMember): number {
  const { memberId, instanceId, rackId, clientId, processId, endpoint, clientTags } = member
  let bytes = memberId.length + clientId.length + processId.length
  for (const text of [instanceId, rackId, endpoint?.host]) bytes += text?.length ?? 0
  for (const [key, value] of clientTags) bytes += key.length + value.length + limits.memberOverheadBytes
  return bytes + limits.memberOverheadBytes
}

/** Whether two say the same of what a member itself brings. */
export function saysTheSame(one: StreamsMember, other: StreamsMember): boolean {
  return (
    one.instanceId === other.instanceId &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    sameEndpoint(one.endpoint, other.endpoint) &&
    isAssignedAlike(one, other)
  )
}

/** Whether the assignor would treat both the same (Kafka: hasEpochRelevantMemberConfigChanged). */
export function isAssignedAlike(one: StreamsMember, other: StreamsMember): boolean {
  return (
    one.topologyEpoch === other.topologyEpoch &&
    one.rackId === other.rackId &&
    one.processId === other.processId &&
    sameTags(one.clientTags, other.clientTags)
  )
}

/** Whether two stand at the same place on the way to their target. */
export function standsTheSame(one: StreamsMember, other: StreamsMember): boolean {
  return (
    one.epoch === other.epoch &&
    one.previousEpoch === other.previousEpoch &&
    one.state === other.state &&
    sameHeldTasks(one.assigned, other.assigned) &&
    sameHeldTasks(one.pendingRevocation, other.pendingRevocation)
  )
}

export function sameEndpoint(one: Endpoint | null, other: Endpoint | null): boolean {
  return one?.host === other?.host && one?.port === other?.port
}

function sameTags(some: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): boolean {
  if (some.size !== others.size) return false
  for (const [key, value] of some) if (others.get(key) !== value) return false
  return true
}
