/** Asks a broker for the states of share partitions, as leaders and groups ask, and takes errors for failures. */
import assert from 'node:assert/strict'
import { until } from '../differential/sequences.ts'
import { fieldOf, type Plain, Session, textOf } from '../differential/session.ts'
import { Api } from './steps.ts'

const shareKeyType = 2
const noId = 'AAAAAAAAAAAAAAAAAAAAAA'

export interface SharePartition {
  readonly groupId: string
  readonly partition: number
}

export interface StateBatch {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly deliveryState: number
  readonly deliveryCount: number
}

/** Of the partitions of one topic. */
export class ShareStatesClient {
  readonly #session: Session
  readonly #topicId: string

  /** Makes the topic when it is not there, and waits until coordinators are found. */
  static async open(bootstrap: string, topic: string, shares: readonly SharePartition[]): Promise<ShareStatesClient> {
    const session = new Session(bootstrap)
    const topics = [{ name: topic, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]
    await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
    const named = { topics: [{ topicId: noId, name: topic }], allowAutoTopicCreation: false }
    let topicId = noId
    await until(async () => {
      topicId = String(fieldOf(await session.ask(Api.Metadata, 12, named), 'topicId'))
      return topicId !== noId
    })
    const client = new ShareStatesClient(session, topicId)
    for (const share of shares) await client.#found(share)
    return client
  }

  private constructor(session: Session, topicId: string) {
    this.#session = session
    this.#topicId = topicId
  }

  async #found(share: SharePartition): Promise<void> {
    const coordinatorKeys = [`${share.groupId}:${this.#topicId}:${share.partition}`]
    await until(async () => {
      const found = await this.#session.ask(Api.FindCoordinator, 6, { keyType: shareKeyType, coordinatorKeys })
      if (fieldOf(found, 'errorCode') !== 0) return false
      return fieldOf(await this.#ask(Api.ReadSummary, 1, share, { leaderEpoch: 0 }), 'errorCode') === 0
    })
  }

  #ask(api: number, version: number, { groupId, partition }: SharePartition, fields: object): Promise<Plain> {
    const topics = [{ topicId: this.#topicId, partitions: [{ partition, ...fields }] }]
    return this.#session.ask(api, version, { groupId, topics })
  }

  async #granted(api: number, version: number, share: SharePartition, fields: object): Promise<Plain> {
    const answer = await this.#ask(api, version, share, fields)
    assert.equal(fieldOf(answer, 'errorCode'), 0, textOf(answer))
    const partitions = fieldOf(answer, 'partitions')
    return Array.isArray(partitions) ? (partitions[0] ?? null) : null
  }

  async initialize(share: SharePartition, stateEpoch: number, startOffset: number): Promise<void> {
    await this.#granted(Api.Initialize, 0, share, { stateEpoch, startOffset })
  }

  read(share: SharePartition, leaderEpoch: number): Promise<Plain> {
    return this.#granted(Api.Read, 0, share, { leaderEpoch })
  }

  async write(
    share: SharePartition,
    epochs: { readonly stateEpoch: number; readonly leaderEpoch: number },
    written: {
      readonly startOffset: number
      readonly deliveryCompleteCount: number
      readonly stateBatches: StateBatch[]
    }
  ): Promise<void> {
    await this.#granted(Api.Write, 1, share, { ...epochs, ...written })
  }

  async remove(share: SharePartition): Promise<void> {
    await this.#granted(Api.Delete, 0, share, {})
  }

  summary(share: SharePartition): Promise<Plain> {
    return this.#granted(Api.ReadSummary, 1, share, { leaderEpoch: 0 })
  }

  close(): void {
    this.#session.close()
  }
}
