/** A few requests by hand, in the oldest versions that brokers still take, for tests that look from below. */
import { blob, int8, int16, int32, int64, list, type RawConnection, text } from './wire.ts'

const METADATA_TIMEOUT_MS = 15_000

/** Produce, version 3, of one batch to one partition. */
export function produceBody(topic: string, records: Uint8Array, partition = 0, acks = -1): Buffer {
  const partitions = list([Buffer.concat([int32(partition), blob(records)])])
  return Buffer.concat([text(null), int16(acks), int32(5000), list([Buffer.concat([text(topic), partitions])])])
}

export interface Produced {
  readonly errorCode: number
  readonly baseOffset: number
}

export async function produce(
  connection: RawConnection,
  topic: string,
  records: Uint8Array,
  partition = 0
): Promise<Produced> {
  const answer = await connection.ask(0, 3, produceBody(topic, records, partition))
  answer.int32()
  answer.text()
  answer.int32()
  answer.int32()
  return { errorCode: answer.int16(), baseOffset: answer.int64() }
}

/** Fetch, version 4, of one partition from an offset. */
export function fetchBody(topic: string, offset: number, maxBytes: number, partition = 0): Buffer {
  const partitions = list([Buffer.concat([int32(partition), int64(offset), int32(maxBytes)])])
  const limits = [int32(-1), int32(0), int32(1), int32(maxBytes), int8(0)]
  return Buffer.concat([...limits, list([Buffer.concat([text(topic), partitions])])])
}

export interface TopicAnswer {
  readonly errorCode: number
  readonly leaders: readonly number[]
}

/** Metadata, version 4, of one topic, which creates it where brokers do so by themselves. */
export async function topicMetadata(connection: RawConnection, topic: string): Promise<TopicAnswer> {
  const answer = await connection.ask(3, 4, Buffer.concat([list([text(topic)]), int8(1)]))
  answer.int32()
  answer.list(() => [answer.int32(), answer.text(), answer.int32(), answer.text()])
  answer.text()
  answer.int32()
  answer.int32()
  const errorCode = answer.int16()
  answer.text()
  answer.int8()
  const leaders = answer.list(() => {
    answer.int16()
    answer.int32()
    const leader = answer.int32()
    answer.list(() => answer.int32())
    answer.list(() => answer.int32())
    return leader
  })
  return { errorCode, leaders }
}

/** Asks until the topic is there with leaders, as every client does; answers how often it asked. */
export async function createByAsking(connection: RawConnection, topic: string): Promise<number> {
  const deadline = Date.now() + METADATA_TIMEOUT_MS
  for (let asked = 1; ; asked += 1) {
    const { errorCode, leaders } = await topicMetadata(connection, topic)
    if (errorCode === 0 && leaders.length > 0 && leaders.every((leader) => leader >= 0)) return asked
    if (Date.now() > deadline) throw new Error(`topic ${topic} has no leader: error ${errorCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
