/**
 * How far a share group is, as its share coordinators know it: DescribeShareGroupOffsets (90) and AlterShareGroupOffsets (91), which the
 * library does not have (KIP-932, KIP-1226).
 */
import type * as kafka from '@platformatic/kafka'
import type { Cluster } from '../cluster.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import type { TopicPartition } from '../partitions.ts'
import { refusedIn } from '../refused-in.ts'
import type { PartitionOffset } from './offsets-csv.ts'

export interface ShareOffset extends TopicPartition {
  /** Everything before it is done; null: nobody has read it yet. */
  readonly startOffset: bigint | null
  /** Null: it is not known. */
  readonly lag: bigint | null
}

interface PartitionAnswer extends ShareOffset {
  readonly errorCode: number
}

interface DescribedOffsets {
  readonly errorCode: number
  readonly partitions: readonly PartitionAnswer[]
}

/** Of all partitions that the group has initialized. */
export async function shareOffsets(cluster: Cluster, group: string): Promise<readonly ShareOffset[]> {
  const ask = async () =>
    cluster.ask(describeShareGroupOffsets(cluster.library), await cluster.coordinator(group), group)
  const [found] = await whileCoordinatorMoves(cluster, ask, ([one]) => one?.errorCode)
  if (found !== undefined && found.errorCode !== 0) {
    throw refusedIn(cluster, found.errorCode, `the offsets of group "${group}" cannot be read`)
  }
  return found?.partitions ?? []
}

export async function alterShareOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly PartitionOffset[]
): Promise<void> {
  const ask = async () =>
    cluster.ask(alterShareGroupOffsets(cluster.library), await cluster.coordinator(group), group, offsets)
  const firstError = (errorCodes: readonly number[]) => errorCodes.find((code) => code !== 0)
  const failed = firstError(await whileCoordinatorMoves(cluster, ask, firstError))
  if (failed !== undefined) throw refusedIn(cluster, failed, `the offsets of group "${group}" were not all moved`)
}

function describeShareGroupOffsets({ createAPI, Writer }: typeof kafka): kafka.API<[string], DescribedOffsets[]> {
  return createAPI<[string], DescribedOffsets[]>(
    90,
    1,
    (group: string) =>
      Writer.create()
        .appendArray([group], (writer, id) => writer.appendString(id).appendArray(null, () => undefined))
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      return reader.readArray(readGroup) ?? []
    }
  )
}

function readGroup(reader: kafka.Reader): DescribedOffsets {
  reader.readString()
  const topics =
    reader.readArray((inner) => {
      const topic = inner.readString()
      inner.readUUID()
      return (inner.readArray(readPartition) ?? []).map((partition) => ({ topic, ...partition }))
    }) ?? []
  const errorCode = reader.readInt16()
  reader.readNullableString()
  return { errorCode, partitions: topics.flat() }
}

function readPartition(reader: kafka.Reader): Omit<PartitionAnswer, 'topic'> {
  const partition = reader.readInt32()
  const startOffset = reader.readInt64()
  reader.readInt32()
  const lag = reader.readInt64()
  const errorCode = reader.readInt16()
  reader.readNullableString()
  const known = (value: bigint) => (errorCode !== 0 || value < 0n ? null : value)
  return { partition, startOffset: known(startOffset), lag: known(lag), errorCode }
}

/** The error of the group, if there is one, and those of the partitions. */
function alterShareGroupOffsets({
  createAPI,
  Writer
}: typeof kafka): kafka.API<[string, readonly PartitionOffset[]], number[]> {
  return createAPI<[string, readonly PartitionOffset[]], number[]>(
    91,
    0,
    (group: string, offsets: readonly PartitionOffset[]) =>
      Writer.create()
        .appendString(group)
        .appendArray([...new Set(offsets.map(({ topic }) => topic))], (writer, topic) => {
          const own = offsets.filter((one) => one.topic === topic)
          writer.appendString(topic).appendArray(own, (inner, { partition, offset }) => {
            inner.appendInt32(partition).appendInt64(offset)
          })
        })
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      const errorCode = reader.readInt16()
      reader.readNullableString()
      const topics =
        reader.readArray((inner) => {
          inner.readString()
          inner.readUUID()
          return (
            inner.readArray((one) => {
              one.readInt32()
              const code = one.readInt16()
              one.readNullableString()
              return code
            }) ?? []
          )
        }) ?? []
      return [errorCode, ...topics.flat()]
    }
  )
}
