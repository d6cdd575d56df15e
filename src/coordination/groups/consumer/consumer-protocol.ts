/**
 * What members of the classic protocol say to each other through the coordinator, which has to understand it where they share a group with
 * members of the consumer protocol (Kafka: ConsumerProtocol). A version that is not known yet is read as the newest that is.
 */
import { ConsumerProtocolAssignment } from '../../../protocol/generated/common/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/generated/common/consumer-protocol-subscription.ts'
import type { Decoded, Message } from '../../../protocol/message.ts'
import { ProtocolError, Reader, Writer } from '../../../protocol/primitives.ts'
import type { TopicNames } from '../topic-names.ts'
import type { Partitions, TopicPartitions } from './partitions.ts'

interface NamedPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export function readSubscription(bytes: Buffer): Decoded<ConsumerProtocolSubscription> | 'malformed' {
  return read(ConsumerProtocolSubscription, bytes)
}

export function readAssignment(bytes: Buffer): Decoded<ConsumerProtocolAssignment> | 'malformed' {
  return read(ConsumerProtocolAssignment, bytes)
}

/** In the version of the member's own subscription. */
export function assignmentFor(
  subscription: Buffer,
  assigned: Partitions | ReadonlyMap<string, ReadonlyMap<number, unknown>>,
  topics: TopicNames
): Buffer {
  const assignedPartitions: NamedPartitions[] = []
  for (const [topicId, partitions] of assigned) {
    const topic = topics.nameOf(topicId)
    if (topic !== undefined) assignedPartitions.push({ topic, partitions: [...partitions.keys()] })
  }
  const version = Math.min(Math.max(new Reader(subscription).readInt16(), 0), ConsumerProtocolAssignment.highestVersion)
  const writer = new Writer()
  writer.writeInt16(version)
  ConsumerProtocolAssignment.encode(writer, { assignedPartitions, userData: null }, version)
  return writer.toBuffer()
}

/** Topics that do not exist are passed over. */
export function byTopicId(named: readonly NamedPartitions[], topics: TopicNames): TopicPartitions[] {
  return named.flatMap(({ topic, partitions }) => {
    const topicId = topics.idOf(topic)
    return topicId === undefined ? [] : [{ topicId, partitions }]
  })
}

function read<T>(message: Message<T>, bytes: Buffer): Decoded<T> | 'malformed' {
  try {
    const reader = new Reader(bytes)
    const version = reader.readInt16()
    return version < 0 ? 'malformed' : message.decode(reader, Math.min(version, message.highestVersion))
  } catch (error) {
    if (error instanceof ProtocolError) return 'malformed'
    throw error
  }
}
