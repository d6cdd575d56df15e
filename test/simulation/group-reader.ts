/** A reader of a simulation, with a group that remembers where it is. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { OffsetCommitRequest } from '../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../src/protocol/generated/api/offset-fetch-response.ts'
import type { Client } from './client.ts'
import { fetchFrom } from './fetch.ts'
import type { PartitionLedger, Topic } from './ledger.ts'
import { pauseAWhile, pickPartition, type Scene } from './scene.ts'

/** Reads partitions from where its group is, and commits where it has come. */
export class GroupReader {
  readonly #scene: Scene
  readonly #client: Client
  readonly #group: string
  readonly #positions = new Map<string, number>()

  constructor(scene: Scene, client: Client, group: string) {
    this.#scene = scene
    this.#client = client
    this.#group = group
  }

  async run(): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickPartition(this.#scene)
      if (picked !== null) await this.#readSome(picked.topic, picked.index, picked.partition)
      await pauseAWhile(this.#scene)
    }
  }

  async #readSome(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const key = `${topic.id}-${index}`
    const { world, ledger } = this.#scene
    const position = world.oneIn(10) ? null : (this.#positions.get(key) ?? null)
    const from = position ?? (await this.#committedOffset(topic, index))
    if (from === null) return
    const { readableEnd } = partition
    const fetched = await fetchFrom(this.#client, topic.id, index, from, world.oneIn(2) ? 200 : 0)
    if (fetched === null || topic.state !== 'there') return
    const { cluster } = this.#scene
    if (cluster.nodes.some(({ hasBrokenDisk }) => hasBrokenDisk)) return
    if (fetched.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      if (from > partition.startAsked) partition.fail(`${this.#group} cannot read at ${from}, where it has come to`)
      this.#positions.set(key, partition.startAsked)
      return
    }
    if (fetched.errorCode !== ErrorCode.NONE) return
    // A new leader learns a little later how far records are committed (KIP-207).
    const known = cluster.nodes.length === 1 ? readableEnd : 0
    partition.bounds(fetched.startOffset, fetched.endOffset, known)
    let next = from
    for (const { offset, value } of fetched.records) {
      partition.see(offset, value, next)
      next = offset + 1
    }
    ledger.counts.read += fetched.records.length
    this.#positions.set(key, next)
    if (next > from && world.oneIn(2)) await this.#commit(topic, index, next)
  }

  async #commit(topic: Topic, partitionIndex: number, committedOffset: number): Promise<void> {
    const { ledger } = this.#scene
    ledger.commitAsked(this.#group, topic.id, partitionIndex, committedOffset)
    const partitions = [{ partitionIndex, committedOffset, committedMetadata: null }]
    const coordinator = await this.#client.coordinatorOf(this.#group)
    if (coordinator === null) return
    const body = { groupId: this.#group, topics: [{ topicId: topic.id, partitions }] }
    const answer = await this.#client.ask(OffsetCommitRequest, OffsetCommitResponse, 10, body, coordinator)
    const errorCode = answer?.topics[0]?.partitions[0]?.errorCode
    if (errorCode !== ErrorCode.NONE) this.#client.forgetCoordinator(this.#group)
    else if (topic.state === 'there') ledger.committed(this.#group, topic.id, partitionIndex, committedOffset)
  }

  /** Where the group is, or the beginning; null when nobody says. */
  async #committedOffset(topic: Topic, index: number): Promise<number | null> {
    const coordinator = await this.#client.coordinatorOf(this.#group)
    if (coordinator === null) return null
    const groups = [{ groupId: this.#group, topics: [{ topicId: topic.id, partitionIndexes: [index] }] }]
    const body = { groups, requireStable: false }
    const epoch = this.#scene.cluster.coordinatedEpochOf(this.#group, coordinator)
    const answer = await this.#client.ask(OffsetFetchRequest, OffsetFetchResponse, 10, body, coordinator)
    const group = answer?.groups[0]
    const result = group?.topics[0]?.partitions[0]
    if (group !== undefined && group.errorCode !== ErrorCode.NONE) this.#client.forgetCoordinator(this.#group)
    if (result === undefined || group?.errorCode !== ErrorCode.NONE || result.errorCode !== ErrorCode.NONE) return null
    if (topic.state !== 'there') return null
    // One that coordinates no more, and was not told, says where the group was.
    if (epoch === null || epoch !== this.#scene.cluster.coordinatedEpochOf(this.#group, coordinator)) {
      this.#client.forgetCoordinator(this.#group)
      return null
    }
    this.#scene.ledger.fetchedCommit(this.#group, topic.id, index, result.committedOffset)
    return Math.max(result.committedOffset, topic.partitions[index]?.startAsked ?? 0)
  }
}
