/**
 * What follows from what a member says of itself: its record, the expressions that have to be looked up, and whether the group is in
 * another epoch (Kafka: hasMemberSubscriptionChanged, maybeUpdateRegularExpressions, updateSubscriptionMetadata).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { RegularExpression } from '../../regular-expression/regular-expression.ts'
import type { ConsumerDraft } from './draft.ts'
import { type ConsumerMember, expressionOf, saidBytes, sameNames, saysTheSame } from './member.ts'
import { expressionTombstone, groupRecord, memberRecord, partitionMetadataTombstone } from './records.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { Subscriptions } from './subscriptions.ts'
import { groupHash } from './topic-hash.ts'

/** Expressions are not looked up more often than that, whatever members say (Kafka: REGEX_BATCH_REFRESH_MIN_INTERVAL_MS). */
const expressionsPauseMs = 10_000

export interface Subscribed {
  /** What it subscribes to is not what it was. */
  readonly hasChanged: boolean
  readonly epoch: number
  /** All members subscribe to the same. */
  readonly isAlike: boolean
}

/** `before`: the member as it was, `after`: as it describes itself now. `isClassic`: it joins by the classic protocol. */
export function subscribe(
  draft: ConsumerDraft,
  before: ConsumerMember,
  after: ConsumerMember,
  isClassic = false
): Subscribed | Refusal {
  const { group } = draft
  const wasThere = group.members.get(before.memberId)
  const moreBytes = saidBytes(after) - (wasThere ? saidBytes(wasThere) : 0)
  if (moreBytes > Math.max(0, draft.roomBytes)) {
    return refusal(ErrorCode.POLICY_VIOLATION, 'The members of this coordinator say too much of themselves.')
  }
  if (!saysTheSame(before, after)) draft.records.push(memberRecord(group.groupId, after))
  const hasOtherNames = !sameNames(before.topicNames, after.topicNames)
  const expression = updateExpressions(draft, before, after)
  if ('errorCode' in expression) return expression
  const hasChanged = hasOtherNames || expression.hasChanged
  const bumpsFor = isClassic ? expression.hasChanged : expression.isKnown || wantsOtherAssignor(draft, before, after)
  const bumps = hasOtherNames || bumpsFor
  if (!bumps && !draft.isStale) {
    return { hasChanged, epoch: group.epoch, isAlike: group.subscriptions.areAlike(group.members.size) }
  }
  return { hasChanged, ...updateEpoch(draft, bumps, before, after) }
}

/** The default takes the place of what nobody names, so naming the default changes nothing. */
function wantsOtherAssignor({ group, config }: ConsumerDraft, before: ConsumerMember, after: ConsumerMember): boolean {
  const [byDefault] = config.consumerAssignors
  return (group.wantedAssignor() ?? byDefault) !== (group.wantedAssignor(before, after) ?? byDefault)
}

interface ExpressionChange {
  readonly hasChanged: boolean
  /** And what it comes to is known already. */
  readonly isKnown: boolean
}

function updateExpressions(
  draft: ConsumerDraft,
  before: ConsumerMember,
  after: ConsumerMember
): ExpressionChange | Refusal {
  const { group, records } = draft
  const [old, wanted] = [expressionOf(before), expressionOf(after)]
  const { expressions } = group.subscriptions
  let [isKnown, isNew] = [false, false]
  const hasChanged = before.expression !== after.expression
  if (hasChanged) {
    if (old !== null && expressions.of(old) === 1) records.push(expressionTombstone(group.groupId, old))
    if (wanted === null) isKnown = old !== null
    else if (expressions.of(wanted) > 0) isKnown = group.resolvedExpressions.has(wanted)
    else isNew = true
    if (isNew && wanted !== null && RegularExpression.parse(wanted) === 'malformed') {
      const what = `SubscribedTopicRegex \`${wanted}\` is not a valid regular expression`
      return refusal(ErrorCode.INVALID_REGULAR_EXPRESSION, `${what}.`)
    }
  }
  lookUpExpressions(draft, old, wanted, isNew)
  return { hasChanged, isKnown }
}

function lookUpExpressions(draft: ConsumerDraft, old: string | null, wanted: string | null, isNew: boolean): void {
  const { group, nowMs, config, hasNewTopics } = draft
  const { subscriptions, resolvedExpressions } = group
  if (draft.isResolving || (!isNew && subscriptions.expressions.size === 0)) return
  // All of a group's are looked up together, so any tells when.
  const [last] = resolvedExpressions.values()
  const lastMs = last?.timestampMs ?? Number.NEGATIVE_INFINITY
  if (nowMs <= lastMs + expressionsPauseMs) return
  const expressions = subscriptions.expressions.copy()
  if (old !== null) expressions.add(old, -1)
  if (wanted !== null) expressions.add(wanted, 1)
  const isDue =
    isNew ||
    expressions.size !== resolvedExpressions.size ||
    hasNewTopics ||
    nowMs > lastMs + config.consumerRegexRefreshIntervalMs
  if (isDue && expressions.size > 0) draft.expressions = [...expressions.names()]
}

function updateEpoch(draft: ConsumerDraft, bumps: boolean, before: ConsumerMember, after: ConsumerMember) {
  const { group, records } = draft
  const subscriptions = subscriptionsWith(draft, before, after)
  const isThere = group.members.has(after.memberId) || group.staticMember(after.instanceId) !== undefined
  const isAlike = subscriptions.areAlike(group.members.size + (isThere ? 0 : 1))
  const hash = hashOf(draft, subscriptions)
  let { epoch } = group
  if (bumps || hash !== group.metadataHash) {
    epoch += 1
    records.push(groupRecord(group.groupId, epoch, hash))
  }
  draft.refreshedInEpoch = epoch
  if (group.hasPartitionMetadata) records.push(partitionMetadataTombstone(group.groupId))
  return { epoch, isAlike }
}

/** With the one in the place of the other. What an expression came to goes with the last member that named it. */
function subscriptionsWith({ group }: ConsumerDraft, before: ConsumerMember, after: ConsumerMember): Subscriptions {
  const subscriptions = group.subscriptions.copy()
  subscriptions.member(before, after)
  const old = expressionOf(before)
  if (old !== null && old !== expressionOf(after) && group.subscriptions.expressions.of(old) === 1) {
    subscriptions.resolved(group.resolvedExpressions.get(old), undefined)
  }
  return subscriptions
}

export function hashOf({ topics, hashOf: ofTopic }: ConsumerDraft, subscriptions: Subscriptions): bigint {
  return groupHash(subscriptions.topics(), topics, ofTopic)
}
