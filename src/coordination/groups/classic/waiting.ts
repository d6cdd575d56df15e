/**
 * The running round of a classic group: soft state. Who has joined and waits for an answer, who still has to sync, which
 * state the group is in. It is never written; after a restart it begins again from what the log says (Kafka: ClassicGroup,
 * whose fields beyond GroupMetadataValue are as short-lived).
 *
 * A decision works on a copy and hands it back whole; the round in use is replaced, never changed.
 */
import { limits } from '../../../limits.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/generated/common/consumer-protocol-subscription.ts'
import { ProtocolError, Reader } from '../../../protocol/primitives.ts'
import type { GroupMetadata } from './state.ts'

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** Names a request whose answer is still owed. */
export type Waiter = number

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface RoundMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** In the order of the member's preference. */
  readonly protocols: readonly MemberProtocol[]
  /** Has never been answered: it cannot send heartbeats yet, so it may expire even while it waits. */
  readonly isNew: boolean
  readonly joinWaiter: Waiter | null
  readonly syncWaiter: Waiter | null
}

/** What happens to the group when nobody comes in time. */
export type RoundTimer =
  /** The first members of an empty group wait for company. */
  | { readonly kind: 'initial-rebalance'; readonly delayMs: number; readonly remainingMs: number }
  /** Members have this long to join again. */
  | { readonly kind: 'join'; readonly delayMs: number }
  /** Members that were told the new generation have this long to sync. */
  | { readonly kind: 'sync'; readonly delayMs: number }

export interface Round {
  state: ClassicGroupState
  /** The rebalance that is being prepared is the first after the group was empty. */
  isInitialRebalance: boolean
  /** Someone joined while the initial rebalance waited; it waits a little longer. */
  hasNewMember: boolean
  stateTimestampMs: number | null
  generation: number
  protocolType: string | null
  protocol: string | null
  leader: string | null
  readonly members: Map<string, RoundMember>
  /** Member ids by group instance id. */
  readonly staticMembers: Map<string, string>
  /** Ids that were given out to clients which have to join again with them (KIP-394). */
  readonly pendingMembers: Set<string>
  /** Members of this generation that have not sent SyncGroup yet. */
  readonly pendingSyncMembers: Set<string>
  /** The assignments in the log are still the members': no rebalance since has got so far as to be broken off. */
  hasAssignment: boolean
  /** Topics that consumers of this generation subscribe to; null when that is not known. */
  subscribedTopics: ReadonlySet<string> | null
  timer: RoundTimer | null
}

export const consumerProtocolType = 'consumer'

export function newRound(nowMs: number): Round {
  return {
    state: 'Empty',
    isInitialRebalance: false,
    hasNewMember: false,
    stateTimestampMs: nowMs,
    generation: 0,
    protocolType: null,
    protocol: null,
    leader: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingMembers: new Set(),
    pendingSyncMembers: new Set(),
    hasAssignment: true,
    subscribedTopics: null,
    timer: null
  }
}

/** The round as it stands after a restart: members keep their generation and are heard of again, or expire. */
export function roundFromLog(metadata: GroupMetadata): Round {
  const { generation, protocolType, protocol, leader, stateTimestampMs } = metadata
  const round: Round = {
    ...newRound(0),
    state: metadata.members.size === 0 ? 'Empty' : 'Stable',
    ...{ generation, protocolType, protocol, leader, stateTimestampMs }
  }
  for (const { subscription, assignment: _, ...member } of metadata.members.values()) {
    const protocols = [{ name: protocol ?? '', metadata: subscription }]
    round.members.set(member.memberId, { ...member, protocols, isNew: false, joinWaiter: null, syncWaiter: null })
    if (member.groupInstanceId !== null) round.staticMembers.set(member.groupInstanceId, member.memberId)
  }
  round.subscribedTopics = subscribedTopicsOf(round)
  return round
}

export function copyOf(round: Round): Round {
  return {
    ...round,
    members: new Map(round.members),
    staticMembers: new Map(round.staticMembers),
    pendingMembers: new Set(round.pendingMembers),
    pendingSyncMembers: new Set(round.pendingSyncMembers)
  }
}

export function metadataFor(member: RoundMember, protocol: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0)
}

/** About what the round holds of what its members said. */
export function heldBytes(round: Round): number {
  let bytes = 0
  for (const memberId of round.pendingMembers) bytes += memberId.length
  for (const { memberId, clientId, protocols } of round.members.values()) {
    bytes += memberId.length + saidBytes(clientId, protocols)
  }
  return bytes
}

/** What a client says of itself when it joins. */
export function saidBytes(clientId: string, protocols: readonly MemberProtocol[]): number {
  let bytes = clientId.length + limits.memberOverheadBytes
  for (const { name, metadata } of protocols) bytes += name.length + metadata.length + limits.memberOverheadBytes
  return bytes
}

export function waitingForJoin(round: Round): number {
  let count = 0
  for (const { joinWaiter } of round.members.values()) if (joinWaiter !== null) count += 1
  return count
}

export function haveAllJoined(round: Round): boolean {
  return round.pendingMembers.size === 0 && waitingForJoin(round) === round.members.size
}

/** The longest that any member asked for. */
export function rebalanceTimeoutMs(round: Round): number {
  let longestMs = 0
  for (const member of round.members.values()) longestMs = Math.max(longestMs, member.rebalanceTimeoutMs)
  return longestMs
}

/** Whether a member may take part: its type fits, and there is a protocol that it shares with everyone. */
export function supportsProtocols(round: Round, protocolType: string, protocols: readonly MemberProtocol[]): boolean {
  if (round.state === 'Empty') return protocolType !== '' && protocols.length > 0
  if (protocolType !== round.protocolType) return false
  const common = commonProtocols(round)
  return protocols.some(({ name }) => common === null || common.has(name))
}

/** Every member votes for the first of its protocols that all know; the most votes win, the earliest voted for on a tie. */
export function selectProtocol(round: Round): string | null {
  const common = commonProtocols(round) ?? new Set<string>()
  const votes = new Map<string, number>()
  for (const { protocols } of round.members.values()) {
    const choice = protocols.find(({ name }) => common.has(name))
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  let winner: string | null = null
  for (const [name, count] of votes) if (count > (votes.get(winner ?? '') ?? 0)) winner = name
  return winner
}

/** Null in a round without members: anything goes. */
function commonProtocols(round: Round): ReadonlySet<string> | null {
  const counts = new Map<string, number>()
  for (const { protocols } of round.members.values()) {
    for (const name of new Set(protocols.map((protocol) => protocol.name))) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  if (round.members.size === 0) return null
  return new Set(Array.from(counts.keys()).filter((name) => counts.get(name) === round.members.size))
}

/**
 * Every version of a consumer's subscription begins with what version 0 has, so that is how it is read. Null when the
 * members are not consumers, or their metadata are not what consumers send.
 */
export function subscribedTopicsOf(round: Round): ReadonlySet<string> | null {
  if (round.protocolType !== consumerProtocolType) return null
  const topics = new Set<string>()
  if (round.members.size === 0) return topics
  if (round.protocol === null) return null
  try {
    for (const member of round.members.values()) {
      const reader = new Reader(metadataFor(member, round.protocol))
      reader.readInt16()
      for (const topic of ConsumerProtocolSubscription.decode(reader, 0).topics) topics.add(topic)
    }
    return topics
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

/** Consumers of the group use the topic, or may: when their subscription cannot be read, all topics count as used. */
export function isSubscribedTo(round: Round, topic: string): boolean {
  return round.subscribedTopics?.has(topic) ?? round.protocolType === consumerProtocolType
}
