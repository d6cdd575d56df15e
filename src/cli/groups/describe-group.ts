/**
 * What a group is doing: its state, its members and what is assigned to each. A group of the consumer protocol (KIP-848)
 * answers another request than a classic one; the caller sees no difference.
 */
import type { API, Reader } from '@platformatic/kafka'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { failureOf, type TopicPartition } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'

export interface GroupMember {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly group: string
  /** Kafka's word: Stable, Empty, PreparingRebalance, Dead … */
  readonly state: string
  readonly type: 'classic' | 'consumer'
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

export async function describeGroup(cluster: Cluster, group: string): Promise<GroupDescription> {
  const coordinator = await cluster.coordinator(group)
  const modern = await describeModern(cluster, coordinator, group)
  return modern ?? (await describeClassic(cluster, coordinator, group))
}

export function noSuchGroup(group: string, why: string): CliError {
  return new CliError({
    what: `there is no group "${group}"`,
    why,
    next: 'odradek groups list',
    exitCode: ExitCode.notFound
  })
}

async function describeClassic(cluster: Cluster, coordinator: number, group: string): Promise<GroupDescription> {
  const { groups } = await cluster.answer('DescribeGroups', coordinator, [group], false)
  const [found] = groups
  const code = found?.errorCode ?? 69
  if (!found || code === 69) throw noSuchGroup(group, 'GROUP_ID_NOT_FOUND (69)')
  if (code !== 0) {
    const failure = failureOf(cluster, code)
    throw new CliError({ what: `group "${group}" cannot be described`, why: explainFailure(failure) })
  }
  return {
    group,
    state: found.groupState,
    type: 'classic',
    protocol: found.protocolData,
    coordinator,
    members: found.members.map((member) => ({
      id: member.memberId,
      instanceId: member.groupInstanceId ?? null,
      clientId: member.clientId,
      host: member.clientHost.replace(/^\//, ''),
      assignment: found.protocolType === 'consumer' ? classicAssignment(cluster, member.memberAssignment) : []
    }))
  }
}

/** ConsumerProtocolAssignment: version, topics with their partitions, user data. */
function classicAssignment(cluster: Cluster, bytes: Buffer): TopicPartition[] {
  if (bytes.length < 6) return []
  const reader = cluster.library.Reader.from(bytes)
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

const groupIdNotFound = 69
const unsupportedVersion = 35

/** Undefined: not a group of this kind, or a broker that knows none. */
async function describeModern(
  cluster: Cluster,
  coordinator: number,
  group: string
): Promise<GroupDescription | undefined> {
  const known = await cluster.base.listApis()
  if (!known.some((api) => api.name === 'ConsumerGroupDescribe')) return undefined
  const connection = await cluster.connection(coordinator)
  try {
    const found = await describeApi(cluster).async(connection, group)
    if (found.errorCode !== 0) return undefined
    return { ...found.description, group, type: 'consumer', coordinator }
  } catch (error) {
    const code = kafkaFailure(error)?.code
    if (code === groupIdNotFound || code === unsupportedVersion) return undefined
    throw error
  }
}

interface ModernAnswer {
  readonly errorCode: number
  readonly description: Pick<GroupDescription, 'state' | 'protocol' | 'members'>
}

/** ConsumerGroupDescribe (69) v0, read here because the library's reader takes the topic names for a single string. */
function describeApi(cluster: Cluster): API<[string], ModernAnswer> {
  const { createAPI, Writer } = cluster.library
  return createAPI<[string], ModernAnswer>(
    69,
    0,
    (group: string) =>
      Writer.create()
        .appendArray([group], (writer, id) => writer.appendString(id), true, false)
        .appendBoolean(false)
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      const [found] = reader.readArray(readModernGroup) ?? []
      return found ?? { errorCode: groupIdNotFound, description: { state: 'Dead', protocol: '', members: [] } }
    }
  )
}

function readModernGroup(reader: Reader): ModernAnswer {
  const errorCode = reader.readInt16()
  reader.readNullableString()
  reader.readString()
  const state = reader.readString()
  reader.readInt32()
  reader.readInt32()
  const protocol = reader.readString()
  const members = reader.readArray(readModernMember) ?? []
  reader.readInt32()
  return { errorCode, description: { state, protocol, members } }
}

function readModernMember(reader: Reader): GroupMember {
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

function readModernAssignment(reader: Reader): TopicPartition[] {
  const topics =
    reader.readArray((inner) => {
      inner.readUUID()
      const topic = inner.readString()
      return { topic, partitions: inner.readArray((one) => one.readInt32(), true, false) ?? [] }
    }) ?? []
  reader.readTaggedFields()
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
