/**
 * ConsumerGroupDescribe (69) v0, by which a group of the consumer protocol (KIP-848) is described. The library's own reader takes
 * the topics that a member subscribed to for a single string (test/cli/client-library.test.ts looks whether that is still so).
 */
import type * as kafka from '@platformatic/kafka'
import type { TopicPartition } from '../partitions.ts'
import type { GroupDescription, GroupMember } from './group-description.ts'

interface ModernAnswer {
  readonly errorCode: number
  readonly description: Pick<GroupDescription, 'group' | 'state' | 'protocol' | 'members'>
}

export function consumerGroupDescribe({
  createAPI,
  Writer
}: typeof kafka): kafka.API<[readonly string[]], ModernAnswer[]> {
  return createAPI<[readonly string[]], ModernAnswer[]>(
    69,
    0,
    (groups: readonly string[]) =>
      Writer.create()
        .appendArray([...groups], (writer, id) => writer.appendString(id), true, false)
        .appendBoolean(false)
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      return reader.readArray(readModernGroup) ?? []
    }
  )
}

function readModernGroup(reader: kafka.Reader): ModernAnswer {
  const errorCode = reader.readInt16()
  reader.readNullableString()
  const group = reader.readString()
  const state = reader.readString()
  reader.readInt32()
  reader.readInt32()
  const protocol = reader.readString()
  const members = reader.readArray(readModernMember) ?? []
  reader.readInt32()
  return { errorCode, description: { group, state, protocol, members } }
}

function readModernMember(reader: kafka.Reader): GroupMember {
  const id = reader.readString()
  const instanceId = reader.readNullableString() ?? null
  reader.readNullableString()
  reader.readInt32()
  const clientId = reader.readString()
  const host = reader.readString().replace(/^\//, '')
  reader.readArray((inner) => inner.readString(), true, false)
  reader.readNullableString()
  const assignment = readModernAssignment(reader)
  readModernAssignment(reader)
  return { id, instanceId, clientId, host, assignment }
}

function readModernAssignment(reader: kafka.Reader): TopicPartition[] {
  const topics =
    reader.readArray((inner) => {
      inner.readUUID()
      const topic = inner.readString()
      return { topic, partitions: inner.readArray((one) => one.readInt32(), true, false) ?? [] }
    }) ?? []
  reader.readTaggedFields()
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
