/** Makes, grows, reconfigures, trims and deletes topics, one thing after the other, and knows afterwards what it may rely on. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreatePartitionsRequest } from '../../src/protocol/generated/api/create-partitions-request.ts'
import { CreatePartitionsResponse } from '../../src/protocol/generated/api/create-partitions-response.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { DeleteTopicsRequest } from '../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../src/protocol/generated/api/delete-topics-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { BrokenPromise } from './broken-promise.ts'
import type { Client } from './client.ts'
import { looseTopic, type Topic } from './ledger.ts'
import { pauseAWhile, pickPartition, type Scene } from './scene.ts'

const names = ['orders', 'payments', 'notifications']
const mostPartitions = 4
/** What was under way when a connection broke has been done, or never will be. */
const settledMicros = 10_000_000

export class Administrator {
  readonly #scene: Scene
  readonly #client: Client

  readonly #names: readonly string[]

  /** `loose`: whether there is a topic that allows unclean elections as well. */
  constructor(scene: Scene, client: Client, { loose }: { readonly loose: boolean }) {
    this.#scene = scene
    this.#client = client
    this.#names = loose ? [looseTopic, ...names] : names
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      if (await this.#look()) await this.#change()
      for (let rests = world.between(1, 12); rests > 0; rests -= 1) await pauseAWhile(this.#scene)
    }
  }

  /** What the broker says that there is; false when it says nothing. */
  async #look(): Promise<boolean> {
    const { ledger } = this.#scene
    if (!this.#scene.cluster.hasHeardAll(this.#client.anyone)) {
      this.#client.askAnother()
      return false
    }
    const answer = await this.#client.ask(MetadataRequest, MetadataResponse, 12, { topics: null })
    if (answer === null) return false
    const told = answer.topics.filter(({ isInternal }) => !isInternal)
    for (const { topicId, name, partitions } of told) {
      ledger.topicIs(topicId, name ?? '', partitions.length)
    }
    const missing = ledger.topics.find(({ id }) => !told.some(({ topicId }) => topicId === id))
    if (missing !== undefined)
      throw new BrokenPromise(`${missing.name} (${missing.id}) is there no more, and nobody deleted it`)
    return true
  }

  async #change(): Promise<void> {
    if (!(await this.#doOne())) await this.#scene.world.pause(settledMicros, 'the administrator waits')
  }

  /** False when no answer came. */
  async #doOne(): Promise<boolean> {
    const { world, ledger } = this.#scene
    const { topics } = ledger
    const free = this.#names.find((name) => topics.every((topic) => topic.name !== name))
    const deed = world.chance.below(10)
    const picked = pickPartition(this.#scene)
    if (free !== undefined && (picked === null || deed < 5)) return await this.#create(free)
    if (picked === null) return true
    if (deed < 1) return await this.#delete(picked.topic)
    if (deed < 3) return await this.#grow(picked.topic)
    return await this.#trim(picked.topic, picked.index)
  }

  async #create(name: string): Promise<boolean> {
    const { world, ledger } = this.#scene
    const numPartitions = world.between(1, 2)
    const brokers = this.#scene.cluster.nodes.length
    const replicationFactor = brokers === 1 || world.oneIn(6) ? 1 : world.between(2, brokers)
    const configs = [
      { name: 'segment.ms', value: String(world.between(1, 50) * 100) },
      { name: 'retention.ms', value: '-1' },
      { name: 'min.insync.replicas', value: String(world.between(1, 2)) },
      { name: 'unclean.leader.election.enable', value: String(name === looseTopic) }
    ]
    const topic = { name, numPartitions, replicationFactor, assignments: [], configs }
    const answer = await this.#client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, {
      topics: [topic],
      timeoutMs: 5000
    })
    const result = answer?.topics[0]
    if (result?.errorCode === ErrorCode.REQUEST_TIMED_OUT) return false
    if (result?.errorCode === ErrorCode.NONE) ledger.topicIs(result.topicId, name, numPartitions)
    return answer !== null
  }

  async #delete(topic: Topic): Promise<boolean> {
    topic.state = 'being deleted'
    for (;;) {
      const body = { topics: [{ topicId: topic.id }], timeoutMs: 5000 }
      const answer = await this.#client.ask(DeleteTopicsRequest, DeleteTopicsResponse, 6, body)
      const errorCode = answer?.responses[0]?.errorCode
      if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_ID) break
      await this.#scene.world.pause(settledMicros, 'the administrator deletes again')
    }
    topic.state = 'gone'
    return true
  }

  async #grow(topic: Topic): Promise<boolean> {
    const count = topic.partitions.length + 1
    if (count > mostPartitions) return true
    const body = { topics: [{ name: topic.name, count, assignments: null }], timeoutMs: 5000, validateOnly: false }
    const answer = await this.#client.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, body)
    if (answer?.results[0]?.errorCode === ErrorCode.REQUEST_TIMED_OUT) return false
    if (answer?.results[0]?.errorCode === ErrorCode.NONE) this.#scene.ledger.topicIs(topic.id, topic.name, count)
    return answer !== null
  }

  async #trim(topic: Topic, partitionIndex: number): Promise<boolean> {
    const partition = topic.partitions[partitionIndex]
    if (partition === undefined) return true
    const offset = this.#scene.world.between(0, partition.readableEnd)
    partition.startAsked = Math.max(partition.startAsked, offset)
    partition.note(`trim up to ${offset} asked for`)
    const topics = [{ name: topic.name, partitions: [{ partitionIndex, offset }] }]
    const leader = await this.#client.leaderOf(topic.id, partitionIndex)
    if (leader === null) return false
    const body = { topics, timeoutMs: 5000 }
    const answer = await this.#client.ask(DeleteRecordsRequest, DeleteRecordsResponse, 2, body, leader.node)
    this.#client.forgetLeader(topic.id, partitionIndex)
    const result = answer?.topics[0]?.partitions[0]
    if (result?.errorCode === ErrorCode.NONE) partition.trimmed(leader.node, result.lowWatermark)
    return answer !== null
  }
}
