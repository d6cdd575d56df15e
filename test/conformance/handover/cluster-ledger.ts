/** What was done to a cluster, by whoever served it, and whether it is all there. */
import assert from 'node:assert/strict'
import kafkaJs, { type Admin, type Kafka as KafkaClient } from 'kafkajs'
import { commitOffsets, committedOffsets } from '../../crash/partition-requests.ts'
import { kcat } from '../clients/kcat.ts'
import { Client } from './orders/client.ts'

const { ConfigResourceTypes, Kafka, logLevel } = kafkaJs

interface Topic {
  retentionMs: number
  /** The values of each partition, at their offsets. */
  readonly partitions: string[][]
}

const RECORDS_PER_STAY = 20
/** Is deleted and made anew in every stay. */
const AGAIN = 'again'
const GROUP = 'readers'

export class Ledger {
  readonly #topics = new Map<string, Topic>()
  /** What each group has committed, by topic, for each partition. */
  readonly #groups = new Map<string, Map<string, readonly number[]>>()
  readonly #addresses: readonly string[]
  readonly #replicas: number

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses
    this.#replicas = addresses.length
  }

  /** Changes topics of the stays before, makes one, writes to all of them and commits. */
  async goOn(stay: number, by: string): Promise<void> {
    await this.#asAdmin(async (admin) => {
      await this.#create(admin, `of-stay-${stay}`, 2, 1_000_000 + stay)
      if (stay > 0) await this.#grow(admin, `of-stay-${stay - 1}`)
      if (stay > 0) await this.#reconfigure(admin, `of-stay-${stay - 1}`, 2_000_000 + stay)
      if (stay > 1) await this.#delete(admin, `of-stay-${stay - 2}`)
      if (stay > 0) await this.#delete(admin, AGAIN)
      await this.#create(admin, AGAIN, stay + 1, 3_000_000 + stay)
    })
    await this.writeToAll(stay, by)
    await this.#findCoordinator()
    await this.#commitAll(GROUP)
    await this.#commitAll(`${GROUP}-of-stay-${stay}`)
  }

  /** Every topic, setting, record and committed offset is as it was left; nothing else is there. */
  async assertKept(): Promise<void> {
    await this.#asAdmin(async (admin) => {
      const names = (await admin.listTopics()).filter((name) => !name.startsWith('__'))
      assert.deepEqual(names.sort(), [...this.#topics.keys()].sort())
      for (const [name, topic] of this.#topics) await this.#assertTopic(admin, name, topic)
    })
    for (const [group, offsets] of this.#groups) await this.#assertGroup(group, offsets)
    for (const [name, topic] of this.#topics) await this.#assertRecords(name, topic)
  }

  describe(): string {
    const records = [...this.#topics.values()].flatMap(({ partitions }) => partitions).flat().length
    const offsets = [...this.#groups.values()].flatMap((topics) => [...topics.values()]).flat().length
    return `${this.#topics.size} topics, ${records} records, ${offsets} committed offsets`
  }

  async #create(admin: Admin, topic: string, numPartitions: number, retentionMs: number): Promise<void> {
    const configEntries = [{ name: 'retention.ms', value: String(retentionMs) }]
    const wanted = { topic, numPartitions, replicationFactor: this.#replicas, configEntries }
    // A Kafka takes its time to let go of a topic of the same name.
    await eventually(() => admin.createTopics({ topics: [wanted], waitForLeaders: true }))
    this.#topics.set(topic, { retentionMs, partitions: Array.from({ length: numPartitions }, () => []) })
  }

  async #grow(admin: Admin, topic: string): Promise<void> {
    const { partitions } = this.#known(topic)
    partitions.push([])
    await admin.createPartitions({ topicPartitions: [{ topic, count: partitions.length }] })
  }

  async #reconfigure(admin: Admin, topic: string, retentionMs: number): Promise<void> {
    const configEntries = [{ name: 'retention.ms', value: String(retentionMs) }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
    })
    this.#known(topic).retentionMs = retentionMs
  }

  async #delete(admin: Admin, topic: string): Promise<void> {
    await admin.deleteTopics({ topics: [topic] })
    this.#topics.delete(topic)
    // What a group had committed there goes with it.
    for (const offsets of this.#groups.values()) offsets.delete(topic)
  }

  async writeToAll(stay: number, by: string): Promise<void> {
    const producer = this.#client().producer({ idempotent: true })
    await producer.connect()
    for (const [topic, { partitions }] of this.#topics) {
      for (const [partition, values] of partitions.entries()) {
        const written = Array.from({ length: RECORDS_PER_STAY }, (_, index) => `${by}/${stay}/${partition}/${index}`)
        await producer.send({ topic, acks: -1, messages: written.map((value) => ({ partition, value })) })
        values.push(...written)
      }
    }
    await producer.disconnect()
  }

  /** The topic of the groups is made when somebody asks for a coordinator. */
  async #findCoordinator(): Promise<void> {
    const client = await Client.open(this.#addresses[0] ?? '')
    await client.findCoordinator('group')
    client.close()
  }

  /** All but the last record of each partition. */
  async #commitAll(group: string): Promise<void> {
    const committed = this.#groups.get(group) ?? new Map<string, readonly number[]>()
    this.#groups.set(group, committed)
    for (const [topic, { partitions }] of this.#topics) {
      const offsets = partitions.map((values) => values.length - 1)
      await commitOffsets(this.#bootstrap, group, topic, offsets)
      committed.set(topic, offsets)
    }
  }

  async #assertTopic(admin: Admin, name: string, { partitions, retentionMs }: Topic): Promise<void> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
    const found = topics[0]?.partitions ?? []
    assert.equal(found.length, partitions.length, `partitions of ${name}`)
    for (const { replicas } of found) assert.equal(replicas.length, this.#replicas, `replicas of ${name}`)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms'] }]
    })
    assert.equal(resources[0]?.configEntries[0]?.configValue, String(retentionMs), `retention.ms of ${name}`)
  }

  /** Where a topic was made anew, grew, or is newer than the group, nothing is committed. */
  async #assertGroup(group: string, offsets: ReadonlyMap<string, readonly number[]>): Promise<void> {
    for (const [topic, { partitions }] of this.#topics) {
      const found = await committedOffsets(this.#bootstrap, group, topic, partitions.length)
      const expected = partitions.map((_, partition) => [partition, offsets.get(topic)?.[partition] ?? -1])
      assert.deepEqual([...found].sort(), expected.sort(), `what ${group} has committed for ${topic}`)
    }
  }

  async #assertRecords(name: string, { partitions }: Topic): Promise<void> {
    const count = partitions.flat().length
    const read = count === 0 ? [] : await kcat.consume(this.#bootstrap, { topic: name, count })
    const found = partitions.map((_, partition) =>
      read.filter((record) => record.partition === partition).map(({ offset, value }) => [offset, value?.toString()])
    )
    assert.deepEqual(
      found,
      partitions.map((values) => values.map((value, offset) => [offset, value])),
      `records of ${name}`
    )
  }

  get #bootstrap(): string {
    return this.#addresses.join(',')
  }

  #known(name: string): Topic {
    return this.#topics.get(name) ?? assert.fail(`there is no topic ${name}`)
  }

  async #asAdmin(work: (admin: Admin) => Promise<void>): Promise<void> {
    const admin = this.#client().admin()
    await admin.connect()
    try {
      await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  #client(): KafkaClient {
    return new Kafka({ brokers: [...this.#addresses], clientId: 'handover', logLevel: logLevel.NOTHING })
  }
}

async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let left = 600; ; left -= 1) {
    try {
      await work()
      return
    } catch (error) {
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
