/**
 * What a member of a share group says (KIP-932): ShareGroupHeartbeat (76) v1 to its coordinator, ShareFetch (78) and ShareAcknowledge (79)
 * to the leaders of what it reads. The library has none of them.
 */
import type * as kafka from '@platformatic/kafka'

export interface AssignedTopic {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export interface ShareHeartbeatAnswer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly memberEpoch: number
  /** Null: as it was. */
  readonly assignment: readonly AssignedTopic[] | null
}

/** What is said of records that were acquired: a type for each offset. */
export interface AcknowledgementBatch {
  readonly firstOffset: bigint
  readonly lastOffset: bigint
  readonly types: readonly number[]
}

/** Of the types of acknowledgements; 0 is of an offset without a record. */
export const Acknowledge = { gap: 0, accept: 1, release: 2 } as const

export interface SharedTopic {
  readonly topicId: string
  readonly partitions: ReadonlyArray<{
    readonly partition: number
    readonly acknowledgements: readonly AcknowledgementBatch[]
  }>
}

export interface ShareFetchRequest {
  readonly group: string
  readonly memberId: string
  readonly sessionEpoch: number
  readonly maxRecords: number
  readonly topics: readonly SharedTopic[]
  readonly forgotten: readonly AssignedTopic[]
}

export interface AcquiredRange {
  readonly firstOffset: bigint
  readonly lastOffset: bigint
  readonly deliveryCount: number
}

export interface SharedPartition {
  readonly topicId: string
  readonly partition: number
  readonly errorCode: number
  readonly acknowledgeErrorCode: number
  readonly batches: readonly kafka.RecordsBatch[]
  readonly acquired: readonly AcquiredRange[]
}

export interface ShareFetchAnswer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly partitions: readonly SharedPartition[]
}

export type ShareHeartbeat = kafka.API<
  [group: string, memberId: string, memberEpoch: number, topics: readonly string[] | null],
  ShareHeartbeatAnswer
>
export type ShareFetch = kafka.API<[ShareFetchRequest], ShareFetchAnswer>
export type ShareAcknowledge = kafka.API<
  [Pick<ShareFetchRequest, 'group' | 'memberId' | 'sessionEpoch' | 'topics'>],
  Pick<ShareFetchAnswer, 'errorCode' | 'errorMessage'>
>

const maxWaitMs = 500
const minBytes = 1
const maxBytes = 8 * 1024 * 1024
/** Whole batches of the log, and so more records than asked for; or (from v2 on) not one more. */
const recordLimit = 1

export function shareHeartbeatRequest({ createAPI, Writer }: typeof kafka): ShareHeartbeat {
  return createAPI(
    76,
    1,
    (group: string, memberId: string, memberEpoch: number, topics: readonly string[] | null) =>
      Writer.create()
        .appendString(group)
        .appendString(memberId)
        .appendInt32(memberEpoch)
        .appendString(null)
        .appendArray(topics === null ? null : [...topics], (writer, name) => writer.appendString(name), true, false)
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      const [errorCode, errorMessage] = [reader.readInt16(), reader.readNullableString()]
      reader.readNullableString()
      const memberEpoch = reader.readInt32()
      reader.readInt32()
      const assignment = reader.readNullableStruct(() => reader.readArray(readTopicPartitions) ?? [])
      return { errorCode, errorMessage, memberEpoch, assignment }
    }
  )
}

function readTopicPartitions(reader: kafka.Reader): AssignedTopic {
  return { topicId: reader.readUUID(), partitions: reader.readArray((one) => one.readInt32(), true, false) ?? [] }
}

export function shareFetchRequest({ createAPI, Writer, Reader, readRecordsBatches }: typeof kafka): ShareFetch {
  const readPartition = (topicId: string, reader: kafka.Reader): SharedPartition => {
    const [partition, errorCode] = [reader.readInt32(), reader.readInt16()]
    reader.readNullableString()
    const acknowledgeErrorCode = reader.readInt16()
    reader.readNullableString()
    readLeader(reader)
    const sizeBytes = reader.readUnsignedVarInt() - 1
    let batches: kafka.RecordsBatch[] = []
    if (sizeBytes > 0) {
      batches = readRecordsBatches(Reader.from(reader.buffer.subarray(reader.position, reader.position + sizeBytes)))
      reader.skip(sizeBytes)
    }
    const acquired = reader.readArray((one) => ({
      firstOffset: one.readInt64(),
      lastOffset: one.readInt64(),
      deliveryCount: one.readInt16()
    }))
    return { topicId, partition, errorCode, acknowledgeErrorCode, batches, acquired: acquired ?? [] }
  }
  return createAPI(
    78,
    2,
    ({ group, memberId, sessionEpoch, maxRecords, topics, forgotten }: ShareFetchRequest) =>
      appendTopics(
        Writer.create()
          .appendString(group)
          .appendString(memberId)
          .appendInt32(sessionEpoch)
          .appendInt32(maxWaitMs)
          .appendInt32(minBytes)
          .appendInt32(maxBytes)
          .appendInt32(maxRecords)
          .appendInt32(maxRecords)
          .appendInt8(recordLimit)
          .appendBoolean(false),
        topics
      )
        .appendArray([...forgotten], (writer, { topicId, partitions }) =>
          writer.appendUUID(topicId).appendArray([...partitions], (one, index) => one.appendInt32(index), true, false)
        )
        .appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      const [errorCode, errorMessage] = [reader.readInt16(), reader.readNullableString()]
      reader.readInt32()
      const topics = reader.readArray((topic) => {
        const topicId = topic.readUUID()
        return topic.readArray((one) => readPartition(topicId, one)) ?? []
      })
      return { errorCode, errorMessage, partitions: (topics ?? []).flat() }
    }
  )
}

export function shareAcknowledgeRequest({ createAPI, Writer }: typeof kafka): ShareAcknowledge {
  return createAPI(
    79,
    1,
    ({
      group,
      memberId,
      sessionEpoch,
      topics
    }: Pick<ShareFetchRequest, 'group' | 'memberId' | 'sessionEpoch' | 'topics'>) =>
      appendTopics(
        Writer.create().appendString(group).appendString(memberId).appendInt32(sessionEpoch),
        topics
      ).appendTaggedFields(),
    (_correlationId, _key, _version, reader) => {
      reader.readInt32()
      return { errorCode: reader.readInt16(), errorMessage: reader.readNullableString() }
    }
  )
}

function appendTopics(writer: kafka.Writer, topics: readonly SharedTopic[]): kafka.Writer {
  return writer.appendArray([...topics], (topic, { topicId, partitions }) => {
    topic.appendUUID(topicId).appendArray([...partitions], (one, { partition, acknowledgements }) => {
      one.appendInt32(partition).appendArray([...acknowledgements], (batch, { firstOffset, lastOffset, types }) => {
        batch
          .appendInt64(firstOffset)
          .appendInt64(lastOffset)
          .appendArray([...types], (type, value) => type.appendInt8(value), true, false)
      })
    })
  })
}

function readLeader(reader: kafka.Reader): void {
  reader.readInt32()
  reader.readInt32()
  reader.readTaggedFields()
}
