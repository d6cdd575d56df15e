/**
 * What the log says of a classic group: hard state, changed by replay alone (Kafka: GroupMetadataValue).
 *
 * A group is written when it is made, when its leader has assigned, when a static member took a new id, and when it has
 * become empty. What happens between (who joins, who waits) is soft and stands in `waiting.ts`.
 */
export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly subscription: Buffer
  readonly assignment: Buffer
}

export interface GroupMetadata {
  readonly kind: 'classic'
  /** Null for a group that no member has joined: one that only holds offsets, or whose first member is on its way. */
  readonly protocolType: string | null
  readonly generation: number
  readonly protocol: string | null
  readonly leader: string | null
  /** When the group last changed its state; null in records of Kafka before 2.1. */
  readonly stateTimestampMs: number | null
  readonly members: ReadonlyMap<string, GroupMember>
}

/** A group that came to be by a commit of offsets alone. */
export const simpleGroup: GroupMetadata = {
  kind: 'classic',
  protocolType: null,
  generation: 0,
  protocol: null,
  leader: null,
  stateTimestampMs: null,
  members: new Map()
}

/** Whether nobody has joined it: it is there for the offsets, or for a member on its way (Kafka: ClassicGroup.isSimpleGroup). */
export function isSimple({ protocolType, members }: GroupMetadata): boolean {
  return protocolType === null && members.size === 0
}
