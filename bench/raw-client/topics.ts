/** Making topics by hand, many at a time, and waiting until they are there. */
import { int8, int16, int32, list, type Reader, text } from '../../test/harness/wire.ts'
import type { RawPipeline } from './connection.ts'

const NONE = 0
const TOPIC_ALREADY_EXISTS = 36
const TIMEOUT_MS = 300_000
const LOOK_AGAIN_MS = 50
/** Kafka refuses more than 10,000 records in one request: a large topic is made small and grows. */
const PARTITIONS_PER_REQUEST = 2000

export interface Topic {
  readonly name: string
  readonly partitions: number
}

/** CreateTopics, version 2. Resolves when every partition has a leader. */
export async function createTopics(connection: RawPipeline, topics: readonly Topic[]): Promise<void> {
  let request: Topic[] = []
  let partitions = 0
  for (const { name, partitions: wanted } of topics) {
    const first = Math.min(wanted, PARTITIONS_PER_REQUEST)
    if (request.length > 0 && partitions + first > PARTITIONS_PER_REQUEST) {
      await create(connection, request)
      request = []
      partitions = 0
    }
    request.push({ name, partitions: first })
    partitions += first
  }
  await create(connection, request)
  for (const topic of topics) await grow(connection, topic)
  await untilLed(connection, topics)
}

/** CreatePartitions, version 0, step by step. */
async function grow(connection: RawPipeline, { name, partitions }: Topic): Promise<void> {
  for (let has = PARTITIONS_PER_REQUEST; has < partitions; ) {
    has = Math.min(partitions, has + PARTITIONS_PER_REQUEST)
    const wanted = list([Buffer.concat([text(name), int32(has), int32(-1)])])
    const answer = await connection.ask(37, 0, Buffer.concat([wanted, int32(TIMEOUT_MS), int8(0)]))
    answer.int32()
    answer.list(() => {
      answer.text()
      const errorCode = answer.int16()
      const message = answer.text()
      if (errorCode !== NONE) throw new Error(`${name} did not grow to ${has}: error ${errorCode} ${message ?? ''}`)
    })
  }
}

async function create(connection: RawPipeline, topics: readonly Topic[]): Promise<void> {
  const wanted = topics.map(({ name, partitions }) =>
    Buffer.concat([text(name), int32(partitions), int16(1), list([]), list([])])
  )
  const answer = await connection.ask(19, 2, Buffer.concat([list(wanted), int32(TIMEOUT_MS), int8(0)]))
  answer.int32()
  answer.list(() => {
    const name = answer.text()
    const errorCode = answer.int16()
    const message = answer.text()
    if (errorCode !== NONE && errorCode !== TOPIC_ALREADY_EXISTS)
      throw new Error(`${name} was not made: error ${errorCode} ${message ?? ''}`)
  })
}

async function untilLed(connection: RawPipeline, topics: readonly Topic[]): Promise<void> {
  const wanted = topics.reduce((sum, topic) => sum + topic.partitions, 0)
  const deadline = performance.now() + TIMEOUT_MS
  const names = list(topics.map(({ name }) => text(name)))
  while (ledPartitions(await connection.ask(3, 1, names)) < wanted) {
    if (performance.now() > deadline) throw new Error(`not all of ${wanted} partitions have a leader`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

/** Metadata, version 1, of every topic. */
export async function allMetadata(connection: RawPipeline): Promise<Reader> {
  return await connection.ask(3, 1, int32(-1))
}

/** How many partitions an answer of Metadata, version 1, tells of that have a leader. */
export function ledPartitions(answer: Reader): number {
  let led = 0
  answer.list(() => [answer.int32(), answer.text(), answer.int32(), answer.text()])
  answer.int32()
  answer.list(() => {
    answer.int16()
    answer.text()
    answer.int8()
    answer.list(() => {
      const errorCode = answer.int16()
      answer.int32()
      if (answer.int32() >= 0 && errorCode === NONE) led += 1
      answer.list(() => answer.int32())
      answer.list(() => answer.int32())
    })
  })
  return led
}
