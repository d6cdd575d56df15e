/** A client of a simulation that asks where partitions begin and end, and which record is the first of a time, or the newest. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { ListOffsetsRequest } from '../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../src/protocol/generated/api/list-offsets-response.ts'
import type { Client, Leader } from './client.ts'
import { earliest, latest, maxTimestamp, Question, type Told } from './listed-offsets.ts'
import { earliestTime, latestTime } from './record-times.ts'
import { type Picked, pauseAWhile, pickPartition, type Scene } from './scene.ts'

const consumer = -1

export class OffsetLister {
  readonly #scene: Scene
  readonly #client: Client

  constructor(scene: Scene, client: Client) {
    this.#scene = scene
    this.#client = client
  }

  async run(): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickPartition(this.#scene)
      if (picked !== null) await this.#ask(picked)
      await pauseAWhile(this.#scene)
    }
  }

  async #ask({ topic, index, partition }: Picked): Promise<void> {
    const leader = await this.#client.leaderOf(topic.id, index)
    if (leader === null) return
    const timestamp = this.#someTime()
    const question = new Question(partition, leader, timestamp)
    const isSure = this.#leads(topic.id, index, leader)
    const told = await this.#told(topic.name, index, timestamp, leader)
    if (told === null) this.#client.forgetLeader(topic.id, index)
    // One that was replaced, or has a topic that is gone, says what was so in its time.
    else if (isSure && this.#leads(topic.id, index, leader) && topic.state === 'there') question.answered(told)
  }

  #leads(topicId: string, index: number, { node, epoch }: Leader): boolean {
    const { nodes } = this.#scene.cluster
    const isInTrouble = nodes.length === 1 && nodes[0]?.hasBrokenDisk === true
    return !isInTrouble && this.#scene.cluster.ledEpochOf(topicId, index, node) === epoch
  }

  #someTime(): number {
    const { world } = this.#scene
    const places = [latest, latest, earliest, maxTimestamp]
    return places[world.chance.below(2 * places.length)] ?? world.between(earliestTime, latestTime + 1)
  }

  async #told(name: string, partitionIndex: number, timestamp: number, leader: Leader): Promise<Told | null> {
    const partitions = [{ partitionIndex, currentLeaderEpoch: leader.epoch, timestamp }]
    const isolationLevel = this.#scene.world.chance.below(2)
    const body = { replicaId: consumer, isolationLevel, topics: [{ name, partitions }], timeoutMs: 30_000 }
    const answer = await this.#client.ask(ListOffsetsRequest, ListOffsetsResponse, 11, body, leader.node)
    const told = answer?.topics[0]?.partitions[0]
    return told?.errorCode === ErrorCode.NONE ? told : null
  }
}
