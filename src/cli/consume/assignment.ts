/**
 * What members of a group say to each other through the coordinator, and how its leader shares the partitions out: Kafka's
 * ConsumerProtocol, version 0, and the assignors `range` and `roundrobin` as Java's client has them.
 */
import type * as kafka from '@platformatic/kafka'
import { groupedBy, type TopicPartition } from '../partitions.ts'

/** Java's consumers of a group must find a name they also know. */
export const assignorNames = ['range', 'roundrobin'] as const
export type AssignorName = (typeof assignorNames)[number]

export interface Subscription {
  readonly memberId: string
  readonly topics: readonly string[]
}

type Assignment = Map<string, TopicPartition[]>

/** Which partitions each member gets. A topic that is not there has no partitions. */
export function assign(
  assignor: AssignorName,
  subscriptions: readonly Subscription[],
  partitionCounts: ReadonlyMap<string, number>
): Assignment {
  const members = [...subscriptions].sort((a, b) => compare(a.memberId, b.memberId))
  const assignment: Assignment = new Map(members.map(({ memberId }) => [memberId, []]))
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort(compare)
  if (assignor === 'range') for (const topic of topics) assignRange(topic, members, partitionCounts, assignment)
  else assignRoundRobin(topics, members, partitionCounts, assignment)
  return assignment
}

/** Each topic by itself: consecutive partitions for each member, the first ones get one more. */
function assignRange(
  topic: string,
  members: readonly Subscription[],
  partitionCounts: ReadonlyMap<string, number>,
  assignment: Assignment
): void {
  const readers = members.filter((member) => member.topics.includes(topic))
  const count = partitionCounts.get(topic) ?? 0
  const each = Math.floor(count / readers.length)
  const more = count % readers.length
  let partition = 0
  for (const [index, { memberId }] of readers.entries()) {
    const last = partition + each + (index < more ? 1 : 0)
    while (partition < last) assignment.get(memberId)?.push({ topic, partition: partition++ })
  }
}

/** All partitions in a row, one to each member in turn, past those that do not read the topic. */
function assignRoundRobin(
  topics: readonly string[],
  members: readonly Subscription[],
  partitionCounts: ReadonlyMap<string, number>,
  assignment: Assignment
): void {
  let turn = 0
  for (const topic of topics) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      while (!members[turn % members.length]?.topics.includes(topic)) turn++
      const { memberId = '' } = members[turn++ % members.length] ?? {}
      assignment.get(memberId)?.push({ topic, partition })
    }
  }
}

/** By UTF-16 code units, as Java compares. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const version = 0

export function encodeSubscription({ Writer }: typeof kafka, topics: readonly string[]): Buffer {
  return Writer.create()
    .appendInt16(version)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendInt32(noUserData).buffer
}

export function decodeSubscription({ Reader }: typeof kafka, memberId: string, bytes: Buffer | null): Subscription {
  if (bytes === null) return { memberId, topics: [] }
  const reader = Reader.from(bytes)
  reader.skip(2)
  return { memberId, topics: reader.readArray((inner) => inner.readString(false), false, false) ?? [] }
}

export function encodeAssignment({ Writer }: typeof kafka, partitions: readonly TopicPartition[]): Buffer {
  const topics = [...groupedBy(partitions, (one) => one.topic)]
  return Writer.create()
    .appendInt16(version)
    .appendArray(
      topics,
      (writer, [topic, ofTopic]) => {
        const own = ofTopic.map((one) => one.partition)
        writer.appendString(topic, false).appendArray(own, (inner, one) => inner.appendInt32(one), false, false)
      },
      false,
      false
    )
    .appendInt32(noUserData).buffer
}

/** Version, topics with their partitions, user data. Nothing at all: no partitions. */
export function decodeAssignment({ Reader }: typeof kafka, bytes: Buffer): TopicPartition[] {
  if (bytes.length < 6) return []
  const reader = Reader.from(bytes)
  reader.skip(2)
  const topics = reader.readArray(
    (inner) => ({
      topic: inner.readString(false),
      partitions: inner.readArray((one) => one.readInt32(), false, false) ?? []
    }),
    false,
    false
  )
  return (topics ?? []).flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}

const noUserData = -1
