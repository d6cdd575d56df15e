/**
 * What lies on a broker, read by kafkajs, which shares nothing with the command line: records, partitions with their leaders
 * and copies, committed offsets.
 */
import kafkaJs, { type Admin, type Kafka as KafkaClient } from 'kafkajs'
import { topicOffsets } from '../clients/topic-offsets.ts'

const { Kafka, logLevel } = kafkaJs
const readLimitMs = 60_000
/** Where transactions were, fewer records come than there are offsets: then nothing more comes. */
const quietMs = 5000

export interface ReadRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

export interface ReadPartition {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** How many offsets it has; nothing was deleted, so as many records, but for what transactions leave (aborted records, and markers). */
  readonly end: number
}

export interface BrokerReading {
  readonly partitions: readonly ReadPartition[]
  readonly records: readonly ReadRecord[]
  readonly brokers: readonly number[]
  /** `group topic:partition` to the committed offset. */
  readonly committed: ReadonlyMap<string, number>
}

/** Everything of the topics and groups whose names begin so. */
export async function readBroker(bootstrap: readonly string[], prefix: string): Promise<BrokerReading> {
  const client = new Kafka({ brokers: [...bootstrap], clientId: 'reading', logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix))
    const partitions = await readPartitions(admin, topics)
    const { brokers } = await admin.describeCluster()
    return {
      partitions,
      brokers: brokers.map((broker) => broker.nodeId),
      records: await readRecords(client, partitions),
      committed: await readCommitted(admin, prefix)
    }
  } finally {
    await admin.disconnect()
  }
}

async function readPartitions(admin: Admin, topics: string[]): Promise<ReadPartition[]> {
  const metadata = await admin.fetchTopicMetadata({ topics })
  const found: ReadPartition[] = []
  for (const { name, partitions } of metadata.topics) {
    const ends = new Map((await topicOffsets(admin, name)).map((one) => [one.partition, Number(one.high)]))
    for (const { partitionId, leader, replicas, isr } of partitions)
      found.push({
        topic: name,
        partition: partitionId,
        leader,
        replicas,
        inSync: isr,
        end: ends.get(partitionId) ?? -1
      })
  }
  return found
}

async function readRecords(client: KafkaClient, partitions: readonly ReadPartition[]): Promise<ReadRecord[]> {
  const expected = partitions.reduce((sum, one) => sum + one.end, 0)
  if (expected === 0) return []
  const consumer = client.consumer({ groupId: `reading-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 100 })
  const records: ReadRecord[] = []
  await consumer.connect()
  try {
    const topics = [...new Set(partitions.map((one) => one.topic))]
    await consumer.subscribe({ topics, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`${records.length} of ${expected} records came`))
      const timer = setTimeout(late, readLimitMs)
      const done = () => {
        clearTimeout(timer)
        clearTimeout(quiet)
        resolve()
      }
      let quiet: NodeJS.Timeout | undefined
      const take = async (record: ReadRecord) => {
        records.push(record)
        clearTimeout(quiet)
        if (records.length === expected) done()
        else quiet = setTimeout(done, quietMs)
      }
      consumer
        .run({
          eachMessage: ({ topic, partition, message: { offset, key, value } }) =>
            take({
              topic,
              partition,
              offset: Number(offset),
              key: key === null ? null : key.toString(),
              value: value === null ? null : value.toString()
            })
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return records.sort(
    (a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || a.partition - b.partition || a.offset - b.offset
  )
}

async function readCommitted(admin: Admin, prefix: string): Promise<Map<string, number>> {
  const { groups } = await admin.listGroups()
  const committed = new Map<string, number>()
  for (const { groupId } of groups.filter((group) => group.groupId.startsWith(prefix)))
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId }))
      for (const { partition, offset } of partitions)
        if (Number(offset) >= 0) committed.set(`${groupId} ${topic}:${partition}`, Number(offset))
  return committed
}
