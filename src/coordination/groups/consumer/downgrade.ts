/**
 * A consumer group becomes a classic group again when the last member of the consumer protocol goes, and the others are of the classic
 * protocol (KIP-848; Kafka: validateOnlineDowngrade…, ClassicGroup.fromConsumerGroup). They stay, with what is their target.
 */
import { addMember, type Draft, draftOf, writeGroup } from '../classic/draft.ts'
import { enter, prepareRebalance } from '../classic/rebalance.ts'
import { consumerProtocolType, metadataFor, selectProtocol, subscribedTopicsOf } from '../classic/waiting.ts'
import type { GroupConfig } from '../group-config.ts'
import { assignmentFor } from './consumer-protocol.ts'
import type { ConsumerDraft } from './draft.ts'
import type { ConsumerMember } from './member.ts'
import { groupTombstones } from './records.ts'
import type { ConsumerGroup } from './state.ts'

/** Whether the group is a classic one without these members. */
export function canDowngrade(group: ConsumerGroup, leaving: ReadonlySet<ConsumerMember>, config: GroupConfig): boolean {
  const left = group.members.size - leaving.size
  let classic = group.classicMemberCount
  for (const member of leaving) if (member.classic !== null) classic -= 1
  return classic === left && left > 0 && left <= config.maxSize && allowsDowngrade(config)
}

/** Whether it is one when this member, which speaks the classic protocol, takes the place of that one. */
export function canDowngradeFor(group: ConsumerGroup, replaced: ConsumerMember, config: GroupConfig): boolean {
  const { members, classicMemberCount } = group
  const isLast = replaced.classic === null && classicMemberCount === members.size - 1
  return isLast && members.size <= config.maxSize && allowsDowngrade(config)
}

function allowsDowngrade({ migrationPolicy }: GroupConfig): boolean {
  return migrationPolicy === 'bidirectional' || migrationPolicy === 'downgrade'
}

export interface Downgrade {
  readonly leaving: ReadonlySet<ConsumerMember>
  /** Takes the place of the member of its instance id. */
  readonly joining: ConsumerMember | null
  /** The targets are not those of what the members subscribe to now. */
  readonly mustRebalance: boolean
}

/** The classic group, as a decision about one: its records stand before those of the consumer draft that it replaces. */
export function downgrade(consumer: ConsumerDraft, { leaving, joining, mustRebalance }: Downgrade): Draft {
  const { group, nowMs, config, topics } = consumer
  const { groupId } = group
  const draft = draftOf({ groupId, metadata: undefined, round: undefined }, { nowMs, config })
  const { round } = draft
  round.generation = group.epoch
  round.protocolType = consumerProtocolType
  const replaced = joining === null ? undefined : group.staticMember(joining.instanceId)
  for (const member of group.members.values()) {
    if (!leaving.has(member) && member !== replaced) addClassicMember(draft, member)
  }
  if (joining !== null) addClassicMember(draft, joining)
  round.protocol = selectProtocol(round)
  round.subscribedTopics = subscribedTopicsOf(round)
  enter(draft, 'Stable')
  const memberIds = Array.from(group.members.keys(), (id) =>
    joining && id === replaced?.memberId ? joining.memberId : id
  )
  draft.records.push(...consumer.records, ...groupTombstones(groupId, memberIds, group.resolvedExpressions.keys()))
  writeGroup(draft, (memberId) => {
    const member = round.members.get(memberId)
    const subscription = member === undefined ? Buffer.alloc(2) : metadataFor(member, round.protocol)
    const owner = memberId === joining?.memberId ? (replaced?.memberId ?? memberId) : memberId
    return assignmentFor(subscription, group.target(owner), topics)
  })
  if (mustRebalance) prepareRebalance(draft)
  return draft
}

function addClassicMember(draft: Draft, member: ConsumerMember): void {
  const { memberId, instanceId: groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, classic } = member
  const { sessionTimeoutMs, supportedProtocols: protocols } = classic ?? { sessionTimeoutMs: 0, supportedProtocols: [] }
  const said = { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols }
  addMember(draft, { ...said, isNew: false, joinWaiter: null, syncWaiter: null })
  draft.sessions.set(memberId, sessionTimeoutMs)
}
