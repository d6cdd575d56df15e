/**
 * What the members of a consumer group subscribe to, counted: topics by name, expressions, and the topics that expressions came to
 * (Kafka: ModernGroup.subscribedTopicNames, ConsumerGroup.subscribedRegularExpressions, SubscriptionCount).
 */
import { Counts } from './counts.ts'
import { type ConsumerMember, expressionOf } from './member.ts'

/** What an expression came to, the last time that it was looked up. */
export interface ResolvedExpression {
  readonly topics: ReadonlySet<string>
  /** The offset of the metadata log that it was looked up at. */
  readonly version: number
  readonly timestampMs: number
}

export class Subscriptions {
  /** Members that name the topic. */
  readonly byName: Counts
  /** Expressions that came to the topic. */
  readonly byExpression: Counts
  /** Members that subscribe by the expression. */
  readonly expressions: Counts

  constructor(byName = new Counts(), byExpression = new Counts(), expressions = new Counts()) {
    this.byName = byName
    this.byExpression = byExpression
    this.expressions = expressions
  }

  copy(): Subscriptions {
    return new Subscriptions(this.byName.copy(), this.byExpression.copy(), this.expressions.copy())
  }

  member(before: ConsumerMember | undefined, after: ConsumerMember | undefined): void {
    this.#count(before, -1)
    this.#count(after, 1)
  }

  resolved(before: ResolvedExpression | undefined, after: ResolvedExpression | undefined): void {
    for (const topic of before?.topics ?? []) this.byExpression.add(topic, -1)
    for (const topic of after?.topics ?? []) this.byExpression.add(topic, 1)
  }

  has(topic: string): boolean {
    return this.byName.of(topic) > 0 || this.byExpression.of(topic) > 0
  }

  topics(): ReadonlySet<string> {
    return new Set([...this.byName.names(), ...this.byExpression.names()])
  }

  /** Whether all members subscribe to the same: assignors have it easier then (Kafka: ConsumerGroup.subscriptionType). */
  areAlike(members: number): boolean {
    const [expression] = this.expressions.entries()
    if (expression === undefined) {
      for (const topic of this.topics()) if (this.byName.of(topic) !== members) return false
      return true
    }
    if (expression[1] !== members) return false
    for (const topic of this.topics()) {
      if (this.byExpression.of(topic) !== 1 || this.byName.of(topic) > 0) return false
    }
    return true
  }

  #count(member: ConsumerMember | undefined, count: 1 | -1): void {
    for (const topic of member?.topicNames ?? []) this.byName.add(topic, count)
    const expression = expressionOf(member)
    if (expression !== null) this.expressions.add(expression, count)
  }
}
