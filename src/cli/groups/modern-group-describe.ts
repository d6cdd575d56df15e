/**
 * ConsumerGroupDescribe (69) v0 and ShareGroupDescribe (77) v1, by which groups are described whose partitions the broker gives out (KIP-848,
 * KIP-932): they ask alike, and differ in what they tell of a member. Of the first the library's own reader takes the topics that a member
 * subscribed to for a single string (test/cli/client-library.test.ts looks whether that is still so); the second it does not have.
 */
import type * as kafka from '@platformatic/kafka'
import type { TopicPartition } from '../partitions.ts'
import type { GroupDescription, GroupMember } from './group-description.ts'

export interface ModernAnswer {
  readonly errorCode: number
  readonly description: Pick<GroupDescription, 'group' | 'state' | 'protocol' | 'members'>
}

export type DescribeModern = kafka.API<[readonly string[]], ModernAnswer[]>
type ReadMember = (reader: kafka.Reader) => GroupMember

export function consumerGroupDescribe(library: typeof kafka): DescribeModern {
  return describeRequest(library, 69, 0, (reader) => readGroup(reader, readConsumerMember))
}

export function shareGroupDescribe(library: typeof kafka): DescribeModern {
  return describeRequest(library, 77, 1, (reader) => readGroup(reader, readShareMember))
}

/** All kinds are asked alike, and answer with a list; not for what may be done with the groups. */
export function describeRequest(
  { createAPI, Writer }: typeof kafka,
  apiKey: number,
  version: number,
  read: (reader: kafka.Reader) => ModernAnswer
): DescribeModern {
  return createAPI<[readonly string[]], ModernAnswer[]>(
    apiKey,
    version,
    (groups: readonly string[]) =>
      Writer.create()
        .appendArray([...groups], (writer, id) => writer.appendString(id), true, false)
        .appendBoolean(false)
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      return reader.readArray(read) ?? []
    }
  )
}

function readGroup(reader: kafka.Reader, readMember: ReadMember): ModernAnswer {
  const errorCode = reader.readInt16()
  reader.readNullableString()
  const group = reader.readString()
  const state = reader.readString()
  reader.readInt32()
  reader.readInt32()
  const protocol = reader.readString()
  const members = reader.readArray(readMember) ?? []
  reader.readInt32()
  return { errorCode, description: { group, state, protocol, members } }
}

function readConsumerMember(reader: kafka.Reader): GroupMember {
  const id = reader.readString()
  const instanceId = reader.readNullableString() ?? null
  reader.readNullableString()
  const who = readWho(reader)
  reader.readNullableString()
  const assignment = readAssignment(reader)
  readAssignment(reader)
  return { id, instanceId, ...who, assignment }
}

function readShareMember(reader: kafka.Reader): GroupMember {
  const id = reader.readString()
  reader.readNullableString()
  const who = readWho(reader)
  return { id, instanceId: null, ...who, assignment: readAssignment(reader) }
}

/** Passes over what it subscribes to. */
function readWho(reader: kafka.Reader): Pick<GroupMember, 'epoch' | 'clientId' | 'host'> {
  const epoch = reader.readInt32()
  const clientId = reader.readString()
  const host = reader.readString().replace(/^\//, '')
  reader.readArray((inner) => inner.readString(), true, false)
  return { epoch, clientId, host }
}

function readAssignment(reader: kafka.Reader): TopicPartition[] {
  const topics =
    reader.readArray((inner) => {
      inner.readUUID()
      const topic = inner.readString()
      return { topic, partitions: inner.readArray((one) => one.readInt32(), true, false) ?? [] }
    }) ?? []
  reader.readTaggedFields()
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
