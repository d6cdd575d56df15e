/** Reads everything once more, when all is over: whatever was promised is there. */
import { ErrorCode, errorName } from '../../src/protocol/error-codes.ts'
import type { Client } from './client.ts'
import { readWhole } from './compacted/key-reader.ts'
import { fetchFrom } from './fetch.ts'
import { committedOffset } from './group-offsets.ts'
import type { PartitionLedger, Topic } from './ledger.ts'
import type { Scene } from './scene.ts'
import { tellsWhereGroupIs } from './share-members/shared-topic.ts'
import { auditTransactions } from './transactions/committed-reader.ts'

const askAgainMicros = 500_000

export class Auditor {
  #doing = 'everything is read'
  #obstacle = ''
  readonly #scene: Scene
  readonly #client: Client

  constructor(scene: Scene, client: Client) {
    this.#scene = scene
    this.#client = client
  }

  /** What it waits for. */
  get doing(): string {
    return this.#doing + this.#obstacle
  }

  /** Rejects with BrokenPromise. */
  async run(): Promise<void> {
    for (const topic of this.#scene.ledger.topics) {
      for (const [index, partition] of topic.partitions.entries()) await this.#readAll(topic, index, partition)
    }
    for (const topic of this.#scene.ledger.compacted) {
      for (const [index, partition] of topic.partitions.entries()) await this.#readKeys(topic, index, partition)
    }
    await auditTransactions(this.#scene, this.#client, (obstacle) => {
      this.#doing = `transactions end: ${obstacle}`
    })
    const shared = this.#scene.ledger.sharedTopic
    for (const [index, partition] of (shared?.partitions ?? []).entries())
      if (shared !== null) await this.#readAll(shared, index, partition)
    if (shared !== null) await this.#askWhereSharedIs()
    for (const { group, topicId, partition } of this.#scene.ledger.groups.places()) {
      const topic = this.#scene.ledger.topic(topicId)
      if (topic !== undefined) await this.#askFor(group, topic, partition)
    }
  }

  async #readAll(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    const { cluster } = this.#scene
    this.#doing = `${partition.where} is read`
    for (let next = 0; !cluster.isLost(topic.id, index); ) {
      const fetched = await fetchFrom(this.#client, topic.id, index, next, 0)
      if (fetched?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && next < partition.startAsked) {
        next += 1
      } else if (fetched?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
        return partition.lost(`it cannot be read at ${next}`)
      } else if (fetched === null || fetched.errorCode !== ErrorCode.NONE) {
        await this.#rest(fetched === null ? 'no answer' : errorName(fetched.errorCode))
      } else if (cluster.nodes.length > 1 && fetched.endOffset < partition.readableEnd) {
        await this.#rest('others have read further')
      } else if (next >= fetched.endOffset) {
        return partition.complete(fetched.startOffset, fetched.endOffset)
      } else {
        for (const { offset, value } of fetched.records) {
          partition.see(offset, value ?? '', next)
          next = offset + 1
        }
      }
    }
  }

  async #readKeys(topic: Topic, index: number, partition: PartitionLedger): Promise<void> {
    this.#doing = `${partition.where} is read`
    const isWanted = (obstacle: string): boolean => {
      this.#obstacle = ` (${obstacle})`
      return true
    }
    await readWhole(this.#scene, this.#client, { topic, index, partition }, isWanted, 'nobody writes')
  }

  async #askWhereSharedIs(): Promise<void> {
    const { cluster } = this.#scene
    this.#doing = 'share coordinators are asked where the share group is'
    while (!cluster.hasLostShares && !cluster.hasLostGroups && !(await tellsWhereGroupIs(this.#client)))
      await this.#rest('no answer')
  }

  async #askFor(group: string, topic: Topic, index: number): Promise<void> {
    const { cluster } = this.#scene
    this.#doing = `${group} is asked where it is in ${topic.name}-${index}`
    while (topic.state === 'there' && !cluster.hasLostGroups) {
      const offset = await committedOffset(this.#scene, this.#client, group, { topic, index })
      if (offset !== null) return
      await this.#rest('no answer')
    }
  }

  #rest(why: string): Promise<void> {
    this.#obstacle = ` (${why})`
    return this.#scene.world.pause(askAgainMicros, `the auditor asks again (${why})`)
  }
}
