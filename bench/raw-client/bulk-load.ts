/** Fills topics as fast as the broker takes it: one batch made beforehand, sent again and again to all partitions. */
import { recordBatch } from '../../test/harness/record-batch.ts'
import { blob, int16, int32, list, type Reader, text } from '../../test/harness/wire.ts'
import { RawPipeline } from './connection.ts'

/** As Java's producer fills them by default. */
const BATCH_BYTES = 16_384
const CONNECTIONS = 2
const REQUESTS_UNDER_WAY = 5
/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER. */
const RETRIABLE: ReadonlySet<number> = new Set([3, 5, 6])
const RETRY_MS = 20

export interface BatchLoad {
  readonly partitions: number
  readonly recordBytes: number
  readonly acks: 'all' | '1'
}

export interface BulkLoad extends BatchLoad {
  readonly topic: string
  /** At least so much is written. */
  readonly bytes: number
}

export interface BulkLoaded {
  readonly records: number
  readonly bytes: number
}

export async function bulkLoad(address: string, load: BulkLoad): Promise<BulkLoaded> {
  const { batch, records } = fullBatch(load.recordBytes)
  const batches = Math.ceil(load.bytes / batch.length / load.partitions)
  const body = produceToAll(load.topic, load, batch)
  let left = batches
  const lane = async (connection: RawPipeline): Promise<void> => {
    while (left > 0) {
      left -= 1
      await untilTaken(connection, body)
    }
  }
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawPipeline.open(address)))
  try {
    await Promise.all(
      connections.flatMap((connection) => Array.from({ length: REQUESTS_UNDER_WAY }, () => lane(connection)))
    )
  } finally {
    for (const connection of connections) connection.close()
  }
  return { records: batches * load.partitions * records, bytes: batches * load.partitions * batch.length }
}

/** One batch to every partition of a topic, in one request. */
export async function produceBatches(
  connection: RawPipeline,
  load: BatchLoad & { readonly name: string }
): Promise<void> {
  await untilTaken(connection, produceToAll(load.name, load, fullBatch(load.recordBytes).batch))
}

function fullBatch(recordBytes: number): { readonly batch: Buffer; readonly records: number } {
  const records = Math.max(1, Math.floor((BATCH_BYTES - 61) / (recordBytes + 8)))
  const value = Buffer.alloc(recordBytes, 'odradek ')
  return { batch: recordBatch(Array.from({ length: records }, () => value)), records }
}

async function untilTaken(connection: RawPipeline, body: Buffer): Promise<void> {
  while (!isTaken(await connection.ask(0, 3, body))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
}

/** Produce, version 3, of the same batch to every partition of the topic. */
function produceToAll(topic: string, { partitions, acks }: BatchLoad, batch: Buffer): Buffer {
  const each = Array.from({ length: partitions }, (_, partition) => Buffer.concat([int32(partition), blob(batch)]))
  const topics = list([Buffer.concat([text(topic), list(each)])])
  return Buffer.concat([text(null), int16(acks === 'all' ? -1 : 1), int32(30_000), topics])
}

/** False when a partition has no leader yet: Kafka tells of a new one a little before it takes records. */
function isTaken(answer: Reader): boolean {
  let isReady = true
  answer.list(() => {
    answer.text()
    answer.list(() => {
      const partition = answer.int32()
      const errorCode = answer.int16()
      if (RETRIABLE.has(errorCode)) isReady = false
      else if (errorCode !== 0) throw new Error(`partition ${partition} took no records: error ${errorCode}`)
      answer.int64()
      answer.int64()
    })
  })
  return isReady
}
