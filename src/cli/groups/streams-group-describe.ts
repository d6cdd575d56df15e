/**
 * StreamsGroupDescribe (89) v0, by which streams groups are described (KIP-1071): their members run tasks of a topology, and a task reads
 * one partition of each topic that its subtopology begins with. The library does not have it.
 */
import type * as kafka from '@platformatic/kafka'
import type { TopicPartition } from '../partitions.ts'
import type { GroupMember, StreamsTasks } from './group-description.ts'
import { type DescribeModern, describeRequest, type ModernAnswer } from './modern-group-describe.ts'

/** The topics that each subtopology reads, by its id. */
type Sources = ReadonlyMap<string, readonly string[]>

interface TasksOf {
  readonly subtopology: string
  readonly partitions: readonly number[]
}

export function streamsGroupDescribe(library: typeof kafka): DescribeModern {
  return describeRequest(library, 89, 0, readGroup)
}

function readGroup(reader: kafka.Reader): ModernAnswer {
  const errorCode = reader.readInt16()
  reader.readNullableString()
  const group = reader.readString()
  const state = reader.readString()
  reader.readInt32()
  reader.readInt32()
  const sources: Sources = new Map(isPresent(reader) ? readTopology(reader) : [])
  const members = reader.readArray((one) => readMember(one, sources)) ?? []
  reader.readInt32()
  return { errorCode, description: { group, state, protocol: 'streams', members } }
}

/** Of a struct that may be null. */
function isPresent(reader: kafka.Reader): boolean {
  return reader.readInt8() >= 0
}

function readTopology(reader: kafka.Reader): [string, readonly string[]][] {
  reader.readInt32()
  const subtopologies = reader.readNullableArray((one): [string, readonly string[]] => {
    const id = one.readString()
    const sources = readStrings(one)
    readStrings(one)
    readTopics(one)
    return [id, [...sources, ...readTopics(one)]]
  })
  reader.readTaggedFields()
  return subtopologies ?? []
}

function readStrings(reader: kafka.Reader): string[] {
  return reader.readArray((one) => one.readString(), true, false) ?? []
}

/** The names of topics that the broker makes for the application. */
function readTopics(reader: kafka.Reader): string[] {
  return (
    reader.readArray((one) => {
      const name = one.readString()
      one.readInt32()
      one.readInt16()
      passPairs(one)
      return name
    }) ?? []
  )
}

function passPairs(reader: kafka.Reader): void {
  reader.readArray((one) => [one.readString(), one.readString()])
}

function passTaskOffsets(reader: kafka.Reader): void {
  reader.readArray((one) => [one.readString(), one.readInt32(), one.readInt64()])
}

function readMember(reader: kafka.Reader, sources: Sources): GroupMember {
  const id = reader.readString()
  const epoch = reader.readInt32()
  const instanceId = reader.readNullableString() ?? null
  reader.readNullableString()
  const clientId = reader.readString()
  const host = reader.readString().replace(/^\//, '')
  reader.readInt32()
  reader.readString()
  if (isPresent(reader)) passEndpoint(reader)
  passPairs(reader)
  passTaskOffsets(reader)
  passTaskOffsets(reader)
  const { active, tasks } = readAssignment(reader)
  readAssignment(reader)
  reader.readBoolean()
  return { id, instanceId, epoch, clientId, host, assignment: partitionsOf(active, sources), tasks }
}

function passEndpoint(reader: kafka.Reader): void {
  reader.readString()
  reader.readUnsignedInt16()
  reader.readTaggedFields()
}

function readAssignment(reader: kafka.Reader): { readonly active: readonly TasksOf[]; readonly tasks: StreamsTasks } {
  const [active, standby, warmup] = [readTasks(reader), readTasks(reader), readTasks(reader)]
  reader.readTaggedFields()
  return { active, tasks: { active: namesOf(active), standby: namesOf(standby), warmup: namesOf(warmup) } }
}

function readTasks(reader: kafka.Reader): TasksOf[] {
  return (
    reader.readArray((one) => ({
      subtopology: one.readString(),
      partitions: one.readArray((inner) => inner.readInt32(), true, false) ?? []
    })) ?? []
  )
}

/** As Kafka Streams writes them: `0_2` is partition 2 of subtopology 0. */
function namesOf(tasks: readonly TasksOf[]): string[] {
  return tasks.flatMap(({ subtopology, partitions }) => partitions.map((partition) => `${subtopology}_${partition}`))
}

function partitionsOf(tasks: readonly TasksOf[], sources: Sources): TopicPartition[] {
  return tasks.flatMap(({ subtopology, partitions }) =>
    (sources.get(subtopology) ?? []).flatMap((topic) => partitions.map((partition) => ({ topic, partition })))
  )
}
