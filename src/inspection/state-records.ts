/**
 * The records of the brokers' own topics, by name: a group's offset, a transaction's state, a topic of the cluster. A key names its
 * type in its first two bytes, and a value its version; in the metadata log the value says both (Kafka: MetadataRecordSerde).
 */
import { readMetadataFrame } from '../coordination/metadata/records.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { ConsumerProtocolAssignment } from '../protocol/generated/common/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../protocol/generated/common/consumer-protocol-subscription.ts'
import { GroupMetadataValue } from '../protocol/generated/group-log/group-metadata-value.ts'
import { groupLogMessages } from '../protocol/generated/group-log/registry.ts'
import { metadataLogMessages } from '../protocol/generated/metadata-log/registry.ts'
import { shareLogMessages } from '../protocol/generated/share-log/registry.ts'
import { transactionLogMessages } from '../protocol/generated/transaction-log/registry.ts'
import type { AnyMessage } from '../protocol/message.ts'
import { ProtocolError, Reader } from '../protocol/primitives.ts'
import { type Plain, plain } from './plain.ts'

export interface DecodedState {
  /** Kafka's name of it: OffsetCommit, TransactionLog, TopicRecord. */
  readonly type: string
  /** Of the value; null for a tombstone. */
  readonly version: number | null
  /** Null in the metadata log, which has no keys. */
  readonly key: Plain
  readonly value: Plain
}

const messagesOf: ReadonlyMap<string, readonly AnyMessage[]> = new Map([
  ['__consumer_offsets', groupLogMessages],
  ['__transaction_state', transactionLogMessages],
  ['__share_group_state', shareLogMessages]
])

/** Of a group's members, when they are consumers. */
const consumerProtocol = 'consumer'

/** All keys are in this version; the type stands where others have a version. */
const keyVersion = 0

/** Null for a record of a topic that is nobody's state. Throws ProtocolError on what is not what its type says. */
export function decodeState(
  topic: string,
  record: { readonly key: Buffer | null; readonly value: Buffer | null }
): DecodedState | null {
  if (topic === metadataTopicName) return record.value === null ? null : decodeMetadata(record.value)
  const messages = messagesOf.get(topic)
  return messages === undefined ? null : decodeKeyed(messages, record)
}

function decodeMetadata(bytes: Buffer): DecodedState {
  const { type, version, reader } = readMetadataFrame(bytes)
  const message = metadataLogMessages.find(({ apiKey }) => apiKey === type)
  if (message === undefined) throw new ProtocolError(`a metadata record has the type ${type}, which is not known`)
  return { type: message.name, version, key: null, value: plain(message.decode(reader, version)) }
}

function decodeKeyed(
  messages: readonly AnyMessage[],
  record: { readonly key: Buffer | null; readonly value: Buffer | null }
): DecodedState {
  if (record.key === null) throw new ProtocolError('a record has no key, which says what it is')
  const keyReader = new Reader(record.key)
  const type = keyReader.readInt16()
  const key = messages.find(({ name, apiKey }) => apiKey === type && name.endsWith('Key'))
  const value = messages.find(({ name, apiKey }) => apiKey === type && name.endsWith('Value'))
  if (key === undefined || value === undefined)
    throw new ProtocolError(`a record has the type ${type}, which is not known`)
  const decoded = { type: key.name.replace(/Key$/, ''), key: plain(key.decode(keyReader, keyVersion)) }
  if (record.value === null) return { ...decoded, version: null, value: null }
  const reader = new Reader(record.value)
  const version = reader.readInt16()
  if (value === GroupMetadataValue) return { ...decoded, version, value: groupMetadata(reader, version) }
  return { ...decoded, version, value: plain(value.decode(reader, version)) }
}

/** What the members of a group of consumers said in their own protocol is told too (Kafka: OffsetsMessageParser). */
function groupMetadata(reader: Reader, version: number): Plain {
  const group = GroupMetadataValue.decode(reader, version)
  if (group.protocolType !== consumerProtocol) return plain(group)
  const members = group.members.map((member) => ({
    ...member,
    subscription: consumerMessage(ConsumerProtocolSubscription, member.subscription),
    assignment: consumerMessage(ConsumerProtocolAssignment, member.assignment)
  }))
  return plain({ ...group, members })
}

/** Nothing as long as a member has none; those of a later version are read as the latest that is known (Kafka: ConsumerProtocol). */
function consumerMessage(message: AnyMessage, bytes: Buffer): unknown {
  if (bytes.length === 0) return bytes
  const reader = new Reader(bytes)
  return message.decode(reader, Math.min(reader.readInt16(), message.highestVersion))
}
