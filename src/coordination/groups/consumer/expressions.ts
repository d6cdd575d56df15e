/** What expressions come to, and what follows for the group (Kafka: TopicRegexResolver, handleRegularExpressionsResult). */
import type { Slices } from '../../../host/slices.ts'
import { RegularExpression } from '../../regular-expression/regular-expression.ts'
import type { GroupTopics } from '../topic-names.ts'
import type { ConsumerDraft } from './draft.ts'
import { sameNames } from './member.ts'
import { expressionRecord, groupRecord } from './records.ts'
import { hashOf } from './subscribe.ts'
import type { ResolvedExpression } from './subscriptions.ts'

/** A real Kafka that goes on with the group looks them up again: it knows by its own offsets what is new. */
const notTold = 0

/** Looks at every topic, and lets others have a turn where that takes long. */
export async function lookUp(
  expressions: readonly string[],
  topics: GroupTopics,
  nowMs: number,
  slices: Pick<Slices, 'othersTurn'>
): Promise<ReadonlyMap<string, ResolvedExpression>> {
  const names = [...topics.names()]
  const resolved = new Map<string, ResolvedExpression>()
  for (const text of expressions) {
    const expression = RegularExpression.parse(text)
    const found = new Set<string>()
    for (const name of expression === 'malformed' ? [] : names) {
      if (expression !== 'malformed' && expression.matches(name)) found.add(name)
      const turn = slices.othersTurn()
      if (turn !== null) await turn
    }
    resolved.set(text, { topics: found, version: notTold, timestampMs: nowMs })
  }
  return resolved
}

/** Members may have gone on to something else meanwhile. */
export function takeResolved(draft: ConsumerDraft, resolved: ReadonlyMap<string, ResolvedExpression>): void {
  const { group, records } = draft
  const subscriptions = group.subscriptions.copy()
  let bumps = false
  for (const [expression, found] of resolved) {
    if (group.subscriptions.expressions.of(expression) === 0) continue
    const before = group.resolvedExpressions.get(expression)
    if (!sameNames(before?.topics ?? new Set(), found.topics)) {
      bumps = true
      subscriptions.resolved(before, found)
    }
    records.push(expressionRecord(group.groupId, expression, found))
  }
  const hash = hashOf(draft, subscriptions)
  if (!bumps && hash === group.metadataHash) return
  const epoch = group.epoch + 1
  records.push(groupRecord(group.groupId, epoch, hash))
  draft.refreshedInEpoch = epoch
}
