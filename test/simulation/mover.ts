/**
 * An administrator of a simulation who moves partitions between brokers, takes that back, holds it back with a throttle now and then,
 * and has leaders elected: preferred ones anywhere, unclean ones only where the topic allows them.
 */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { AlterPartitionReassignmentsRequest } from '../../src/protocol/generated/api/alter-partition-reassignments-request.ts'
import { AlterPartitionReassignmentsResponse } from '../../src/protocol/generated/api/alter-partition-reassignments-response.ts'
import { ElectLeadersRequest } from '../../src/protocol/generated/api/elect-leaders-request.ts'
import { ElectLeadersResponse } from '../../src/protocol/generated/api/elect-leaders-response.ts'
import { IncrementalAlterConfigsRequest } from '../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import type { Client } from './client.ts'
import { inputTopic, type Topic } from './ledger.ts'
import { type Picked, pauseAWhile, pickCompacted, pickPartition, pickTransactional, type Scene } from './scene.ts'

const timeoutMs = 5000
/** What was under way when no answer came has been done, or never will be. */
const settledMicros = 10_000_000
const [preferred, unclean] = [0, 1]
const [topicResource, brokerResource] = [2, 4]
const [setOperation, deleteOperation] = [0, 1]
const rates = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
const throttledReplicas = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas']

export class Mover {
  readonly counts = { moved: 0, 'taken back': 0, elected: 0, throttled: 0 }
  readonly #scene: Scene
  readonly #client: Client

  constructor(scene: Scene, client: Client) {
    this.#scene = scene
    this.#client = client
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      const picked = this.#pickOne()
      if (picked !== null) await this.#doOne(picked.topic, picked.index)
      for (let rests = world.between(1, 12); rests > 0; rests -= 1) await pauseAWhile(this.#scene)
    }
    const { topics, compacted, transactional } = this.#scene.ledger
    for (const topic of [...topics, ...compacted, ...transactional]) await this.#throttle(topic, null)
  }

  #pickOne(): Picked | null {
    const { world, ledger } = this.#scene
    const within = ledger.transactional.length > 0 && world.oneIn(3) ? pickTransactional(this.#scene, inputTopic) : null
    return within ?? (world.oneIn(3) ? pickCompacted(this.#scene) : null) ?? pickPartition(this.#scene)
  }

  async #doOne(topic: Topic, index: number): Promise<void> {
    const { world } = this.#scene
    const deed = world.chance.below(10)
    if (deed < 5) {
      await this.#reassign(topic, index, this.#someBrokers())
      // While it is under way, most likely.
      if (world.oneIn(3)) await this.#reassign(topic, index, null)
      return
    }
    if (deed < 7) return await this.#throttle(topic, world.oneIn(3) ? null : world.between(500, 20_000))
    if (topic.isLoose && world.oneIn(2)) return await this.#elect(unclean, topic, index)
    return await this.#elect(preferred, topic, index)
  }

  /** From one of them to all, in any order: the first is the preferred leader. */
  #someBrokers(): number[] {
    const { world, cluster } = this.#scene
    const ids = cluster.nodes.map(({ id }) => id)
    const first = world.chance.below(ids.length)
    const turned = [...ids.slice(first), ...ids.slice(0, first)]
    const others = world.oneIn(2) ? turned.slice(1) : turned.slice(1).reverse()
    return [turned[0] ?? 1, ...others].slice(0, world.between(1, ids.length))
  }

  /** Null: takes back what is under way. */
  async #reassign(topic: Topic, index: number, replicas: readonly number[] | null): Promise<void> {
    const partition = topic.partitions[index]
    if (partition === undefined) return
    const allowReplicationFactorChange = !this.#scene.world.oneIn(4)
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: index, replicas }] }]
    const body = { topics, timeoutMs, allowReplicationFactorChange }
    // Until the answer is there, and without one for ever, nobody knows.
    const before = partition.replicasWanted
    partition.replicasWanted = null
    partition.note(replicas === null ? 'its reassignment is to be taken back' : `it is to move to ${replicas}`)
    const answer = await this.#client.ask(
      AlterPartitionReassignmentsRequest,
      AlterPartitionReassignmentsResponse,
      1,
      body
    )
    const errorCode = answer?.responses[0]?.partitions[0]?.errorCode
    // The controller may hear of it later, after what is asked next.
    if (errorCode === undefined) return await this.#scene.world.pause(settledMicros, 'the mover waits')
    if (errorCode === ErrorCode.NONE) {
      partition.replicasWanted = replicas
      this.counts[replicas === null ? 'taken back' : 'moved'] += 1
    } else if (isRefused(errorCode)) partition.replicasWanted = before
  }

  async #elect(electionType: number, topic: Topic, index: number): Promise<void> {
    topic.partitions[index]?.note(`${electionType === unclean ? 'any' : 'the preferred'} leader is to be elected`)
    const isOfAll = electionType === preferred && this.#scene.world.oneIn(4)
    const body = {
      electionType,
      timeoutMs,
      topicPartitions: isOfAll ? null : [{ topic: topic.name, partitions: [index] }]
    }
    const answer = await this.#client.ask(ElectLeadersRequest, ElectLeadersResponse, 2, body)
    const results = answer?.replicaElectionResults.flatMap(({ partitionResult }) => partitionResult) ?? []
    this.counts.elected += results.filter(({ errorCode }) => errorCode === ErrorCode.NONE).length
  }

  /** Null: nothing is held back any more. */
  async #throttle(topic: Topic, bytesPerSecond: number | null): Promise<void> {
    for (const { id } of this.#scene.cluster.nodes) {
      await this.#configure(
        brokerResource,
        String(id),
        rates,
        bytesPerSecond === null ? null : String(bytesPerSecond),
        id
      )
    }
    if (await this.#configure(topicResource, topic.name, throttledReplicas, bytesPerSecond === null ? null : '*'))
      this.counts.throttled += 1
  }

  /** A broker takes its own configuration. */
  async #configure(
    resourceType: number,
    resourceName: string,
    names: readonly string[],
    value: string | null,
    node?: number
  ): Promise<boolean> {
    const configOperation = value === null ? deleteOperation : setOperation
    const configs = names.map((name) => ({ name, configOperation, value }))
    const body = { resources: [{ resourceType, resourceName, configs }], validateOnly: false }
    const answer = await this.#client.ask(
      IncrementalAlterConfigsRequest,
      IncrementalAlterConfigsResponse,
      1,
      body,
      node
    )
    return answer?.responses.every(({ errorCode }) => errorCode === ErrorCode.NONE) === true
  }
}

/** Nothing was changed. */
function isRefused(errorCode: number): boolean {
  const { INVALID_REPLICA_ASSIGNMENT, INVALID_REPLICATION_FACTOR, NO_REASSIGNMENT_IN_PROGRESS } = ErrorCode
  const refusals: readonly number[] = [
    INVALID_REPLICA_ASSIGNMENT,
    INVALID_REPLICATION_FACTOR,
    NO_REASSIGNMENT_IN_PROGRESS
  ]
  return refusals.includes(errorCode)
}
