/** A producer with a transactional id, by requests of the second version of transactions: it writes, and ends, or leaves open. */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { fieldOf, type Plain, type Session } from '../differential/session.ts'
import { Api } from './steps.ts'

const latestVersions = { findCoordinator: 4, createTopics: 7, initProducerId: 4, write: 12, end: 5 } as const

export async function createTopic(session: Session, name: string, numPartitions: number): Promise<void> {
  const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }]
  const request = { topics, timeoutMs: 10_000, validateOnly: false }
  assert.equal(fieldOf(await session.ask(Api.CreateTopics, latestVersions.createTopics, request), 'errorCode'), 0)
}

export class TransactionalProducer {
  readonly transactionalId: string
  readonly #session: Session
  #producerId = -1
  #producerEpoch = -1
  readonly #sequences = new Map<string, number>()

  private constructor(session: Session, transactionalId: string) {
    this.#session = session
    this.transactionalId = transactionalId
  }

  static async begin(session: Session, transactionalId: string): Promise<TransactionalProducer> {
    const producer = new TransactionalProducer(session, transactionalId)
    const { findCoordinator, initProducerId } = latestVersions
    await granted(session, Api.FindCoordinator, findCoordinator, { keyType: 1, coordinatorKeys: [transactionalId] })
    const nobody = { producerId: -1, producerEpoch: -1 }
    const request = { transactionalId, transactionTimeoutMs: 600_000, ...nobody }
    producer.#take(await granted(session, Api.InitProducerId, initProducerId, request))
    return producer
  }

  get producerId(): number {
    return this.#producerId
  }

  get producerEpoch(): number {
    return this.#producerEpoch
  }

  async write(topic: string, partition: number, value: string): Promise<void> {
    const key = `${topic}-${partition}`
    const baseSequence = this.#sequences.get(key) ?? 0
    const record = { timestamp: Date.now(), key: null, value: Buffer.from(value), headers: [] }
    const { producerId, producerEpoch, transactionalId } = this
    const records = buildBatch({ producerId, producerEpoch, baseSequence, isTransactional: true, records: [record] })
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
    await granted(this.#session, Api.Produce, latestVersions.write, {
      ...{ transactionalId, acks: -1, timeoutMs: 10_000, topicData }
    })
    this.#sequences.set(key, baseSequence + 1)
  }

  async end(outcome: 'commit' | 'abort'): Promise<void> {
    const { producerId, producerEpoch, transactionalId } = this
    const request = { transactionalId, producerId, producerEpoch, committed: outcome === 'commit' }
    this.#take(await granted(this.#session, Api.EndTxn, latestVersions.end, request))
    this.#sequences.clear()
  }

  #take(answer: Plain): void {
    this.#producerId = Number(fieldOf(answer, 'producerId'))
    this.#producerEpoch = Number(fieldOf(answer, 'producerEpoch'))
  }
}

/** The answer, once coordinators and leaders are ready. */
export async function granted(session: Session, api: number, version: number, request: object): Promise<Plain> {
  for (let left = 300; ; left -= 1) {
    const answer = await session.ask(api, version, request)
    if (fieldOf(answer, 'errorCode') === 0) return answer
    assert.ok(left > 0, `API ${api} answers ${JSON.stringify(answer)}`)
    await setTimeout(100)
  }
}
