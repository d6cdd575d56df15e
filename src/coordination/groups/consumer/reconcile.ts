/**
 * The next step of a member towards its target (KIP-848; Kafka: CurrentAssignmentBuilder): first it gives up what it is to give up, and
 * says so; then it is in the target's epoch, and is given what nobody else owns any more. So no partition has two owners.
 */
import type { TopicNames } from '../topic-names.ts'
import { type ConsumerMember, expressionOf, MemberState, standsTheSame } from './member.ts'
import { noPartitionEpochs, type PartitionEpochs, type Partitions, type TopicPartitions } from './partitions.ts'
import { fenced, type Refusal } from './refusal.ts'
import type { ResolvedExpression } from './subscriptions.ts'

export interface Reconciliation {
  readonly member: ConsumerMember
  readonly target: Partitions
  readonly targetEpoch: number
  /** The member has changed what it subscribes to: what it does not want any more need not wait for a new target. */
  readonly hasSubscriptionChanged: boolean
  /** What the member says that it owns; null when it has nothing new to say. */
  readonly owned: readonly TopicPartitions[] | null
  readonly resolved: ReadonlyMap<string, ResolvedExpression>
  readonly topics: TopicNames
  /** -1 when nobody owns it. */
  partitionEpoch(topicId: string, partition: number): number
}

type Epochs = Map<string, ReadonlyMap<number, number>>

/** The member as it stands then; the same one when nothing moves. */
export function reconcile(step: Reconciliation): ConsumerMember | Refusal {
  const next = nextOf(step)
  return 'errorCode' in next || !standsTheSame(step.member, next) ? next : step.member
}

function nextOf(step: Reconciliation): ConsumerMember | Refusal {
  const { member, targetEpoch, hasSubscriptionChanged, owned } = step
  const stay = () => (hasSubscriptionChanged ? dropUnsubscribed(step) : member)
  switch (member.state) {
    case MemberState.stable:
      return member.epoch === targetEpoch ? stay() : advance(step, member.epoch)
    case MemberState.unrevokedPartitions:
      return ownsAny(owned, member.pendingRevocation) ? stay() : advance(step, member.epoch)
    case MemberState.unreleasedPartitions:
      return advance(step, member.epoch)
    default:
      // A later Kafka knows what this state means. Whoever owns nothing can begin anew.
      if (owned?.length === 0) return advance(step, targetEpoch)
      return fenced('The consumer group member is in a unknown state.')
  }
}

/** Gives up what is of no topic that it subscribes to; anything else stays as it is. */
function dropUnsubscribed(step: Reconciliation): ConsumerMember {
  const { member, owned } = step
  const isSubscribed = subscribedBy(step)
  const assigned: Epochs = new Map()
  const pendingRevocation: Epochs = new Map(member.pendingRevocation)
  for (const [topicId, epochs] of member.assigned) {
    if (isSubscribed(topicId)) assigned.set(topicId, epochs)
    else pendingRevocation.set(topicId, new Map([...(pendingRevocation.get(topicId) ?? []), ...epochs]))
  }
  if (assigned.size === member.assigned.size) return member
  const moved = { ...member, previousEpoch: member.epoch, assigned }
  if (!ownsAny(owned, pendingRevocation)) return moved
  return { ...moved, state: MemberState.unrevokedPartitions, pendingRevocation }
}

function advance(step: Reconciliation, epoch: number): ConsumerMember {
  const { member, targetEpoch, owned } = step
  const { assigned, revoked, added, hasUnreleased } = compare(step)
  if (revoked.size > 0 && ownsAny(owned, revoked)) {
    const state = MemberState.unrevokedPartitions
    return { ...member, state, epoch, previousEpoch: member.epoch, assigned, pendingRevocation: revoked }
  }
  for (const [topicId, partitions] of added) {
    const given = partitions.map((partition): [number, number] => [partition, targetEpoch])
    assigned.set(topicId, new Map([...(assigned.get(topicId) ?? []), ...given]))
  }
  return {
    ...member,
    state: hasUnreleased ? MemberState.unreleasedPartitions : MemberState.stable,
    epoch: targetEpoch,
    previousEpoch: member.epoch,
    assigned,
    pendingRevocation: noPartitionEpochs
  }
}

/** What of its partitions it keeps, what it gives up, what it is given, and whether some of the target is still another's. */
function compare(step: Reconciliation) {
  const { member, target } = step
  const isSubscribed = subscribedBy(step)
  const assigned: Epochs = new Map()
  const revoked: Epochs = new Map()
  const added = new Map<string, number[]>()
  let hasUnreleased = false
  for (const topicId of new Set([...target.keys(), ...member.assigned.keys()])) {
    const wanted = (isSubscribed(topicId) ? target.get(topicId) : undefined) ?? new Set<number>()
    const epochs = member.assigned.get(topicId) ?? new Map<number, number>()
    const kept = new Map([...epochs].filter(([partition]) => wanted.has(partition)))
    const lost = new Map([...epochs].filter(([partition]) => !wanted.has(partition)))
    const missing = [...wanted].filter((partition) => !kept.has(partition))
    // What it was about to give up is still its own.
    const free = missing.filter(
      (partition) =>
        step.partitionEpoch(topicId, partition) === -1 || member.pendingRevocation.get(topicId)?.has(partition) === true
    )
    hasUnreleased ||= free.length < missing.length
    if (kept.size > 0) assigned.set(topicId, kept)
    if (lost.size > 0) revoked.set(topicId, lost)
    if (free.length > 0) added.set(topicId, free)
  }
  return { assigned, revoked, added, hasUnreleased }
}

/** A member that says nothing still owns all that it had. */
function ownsAny(owned: readonly TopicPartitions[] | null, partitions: PartitionEpochs): boolean {
  if (owned === null) return true
  return owned.some(({ topicId, partitions: numbers }) =>
    numbers.some((number) => partitions.get(topicId)?.has(number))
  )
}

function subscribedBy({ member, resolved, topics }: Reconciliation): (topicId: string) => boolean {
  const expression = expressionOf(member)
  const ofExpression = expression === null ? undefined : resolved.get(expression)?.topics
  return (topicId) => {
    const name = topics.nameOf(topicId)
    return name !== undefined && (member.topicNames.has(name) || ofExpression?.has(name) === true)
  }
}
