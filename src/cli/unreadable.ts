/**
 * Partitions whose offsets the broker cannot tell: a log that is offline, one without a leader. They keep nobody from the others: a
 * list has the reason in their rows, one line on standard error names them, and who asked for nothing else gets an error.
 */
import { CliError } from './cli-error.ts'
import type { KafkaFailure } from './kafka-failure.ts'
import { asCalled } from './own-name.ts'
import type { TopicPartition } from './partitions.ts'
import { goneTopic, unknownTopics } from './passing-errors.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'

export interface Unreadable extends TopicPartition {
  readonly failure: KafkaFailure
}

/** By `topic:partition`. */
export type UnreadablePartitions = ReadonlyMap<string, Unreadable>

/** Where one partition is what it is about. It tells Kafka's name and number too (kafka-failure.ts). */
export class UnreadableError extends CliError {
  readonly apiId: string
  readonly apiCode: number

  constructor({ topic, partition, failure }: Unreadable) {
    super({
      what: `${topic}:${partition} cannot be read`,
      why: explainFailure(failure, unknownTopics.has(failure.code) ? goneTopic.why : undefined),
      next: whereToLook({ topic, failure }),
      exitCode: exitCodeOf(failure)
    })
    this.apiId = failure.name
    this.apiCode = failure.code
  }
}

const namedPartitions = 5

/** `a:0 cannot be read: KAFKA_STORAGE_ERROR (56); reading the others; try: …`; undefined when all can be. */
export function tellUnreadable(unreadable: UnreadablePartitions, consequence?: string): string | undefined {
  const [first] = unreadable.values()
  if (first === undefined) return undefined
  const names = [...unreadable.keys()]
  const more = names.length > namedPartitions ? ` and ${names.length - namedPartitions} more` : ''
  const who = `${names.slice(0, namedPartitions).join(', ')}${more}`
  const why = explainFailure(first.failure, consequence)
  return `${who} cannot be read: ${why}; try: ${asCalled(whereToLook(first))}`
}

/** What a row says of its partition; nothing when it can be read. */
export function errorField(unreadable: UnreadablePartitions, name: string): { readonly error?: string } {
  const found = unreadable.get(name)
  return found ? { error: found.failure.name } : {}
}

/** The column for it, where a partition needs it. */
export function errorColumn(unreadable: UnreadablePartitions): readonly string[] {
  return unreadable.size > 0 ? ['error'] : []
}

function whereToLook({ topic, failure }: Pick<Unreadable, 'topic' | 'failure'>): string {
  if (unknownTopics.has(failure.code)) return goneTopic.next
  return `odradek topics describe ${topic}   (the broker's own output says what is wrong)`
}
