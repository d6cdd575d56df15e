/**
 * A producer that has a transactional id, from taking it to being refused: writes, commits of offsets and ends, each asked again until it is
 * answered. By the second version of transactions (KIP-890).
 */
import { ErrorCode, errorName } from '../../../src/protocol/error-codes.ts'
import { EndTxnRequest } from '../../../src/protocol/generated/api/end-txn-request.ts'
import { EndTxnResponse } from '../../../src/protocol/generated/api/end-txn-response.ts'
import { InitProducerIdRequest } from '../../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../../src/protocol/generated/api/init-producer-id-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { TxnOffsetCommitRequest } from '../../../src/protocol/generated/api/txn-offset-commit-request.ts'
import { TxnOffsetCommitResponse } from '../../../src/protocol/generated/api/txn-offset-commit-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import type { Client } from '../client.ts'
import { timeOf } from '../record-times.ts'
import type { Picked, Scene } from '../scene.ts'
import type { Transaction } from './transaction-ledger.ts'

const againMicros = 60_000
const [leastTimeoutMs, mostTimeoutMs] = [300, 3000]

/** It may be done yet: it is asked again. */
const passing: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NETWORK_EXCEPTION
])

/** Answered with this; or nobody can answer it any more. */
type Answered<Result> = { readonly result: Result; readonly attempts: number } | 'lost'

export type Did = 'done' | 'refused'

export class TransactionalSession {
  readonly transactionalId: string
  readonly #scene: Scene
  readonly #client: Client
  readonly #sequences = new Map<string, number>()
  #producerId: number
  #producerEpoch: number

  /** Null when nobody can give the id any more. */
  static async begin(scene: Scene, client: Client, transactionalId: string): Promise<TransactionalSession | null> {
    const { world, ledger } = scene
    const transactionTimeoutMs = world.between(leastTimeoutMs, mostTimeoutMs)
    const body = { transactionalId, transactionTimeoutMs }
    const answer = await untilAnswered(scene, `${transactionalId} begins`, async () => {
      const coordinator = await client.transactionCoordinatorOf(transactionalId)
      if (coordinator === null) return null
      const answer = await client.ask(InitProducerIdRequest, InitProducerIdResponse, 5, body, coordinator)
      if (answer?.errorCode !== ErrorCode.NONE) client.forgetTransactionCoordinator(transactionalId)
      return answer
    })
    if (answer === 'lost') return null
    const { errorCode, producerId, producerEpoch } = answer.result
    // Nothing was asked that might be wrong.
    if (errorCode !== ErrorCode.NONE) throw new Error(`${transactionalId} is refused: ${errorName(errorCode)}`)
    ledger.transactions.taken({ transactionalId, producerId, producerEpoch })
    return new TransactionalSession(scene, client, transactionalId, { producerId, producerEpoch })
  }

  private constructor(
    scene: Scene,
    client: Client,
    transactionalId: string,
    { producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }
  ) {
    this.#scene = scene
    this.#client = client
    this.transactionalId = transactionalId
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
  }

  async write({ topic, index }: Pick<Picked, 'topic' | 'index'>, values: readonly string[]): Promise<Did> {
    const { ledger } = this.#scene
    const key = `${topic.id}-${index}`
    const baseSequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, baseSequence + values.length)
    const wasFenced = ledger.transactions.isFenced(this.#identity)
    const body = this.#produceRequest(topic.id, index, values, baseSequence)
    const answer = await untilAnswered(this.#scene, `${this.transactionalId} writes`, async () => {
      const leader = await this.#client.leaderOf(topic.id, index)
      if (leader === null) return null
      const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 13, body, leader.node)
      const result = answer?.responses[0]?.partitionResponses[0] ?? null
      if (result?.errorCode !== ErrorCode.NONE) this.#client.forgetLeader(topic.id, index)
      return result
    })
    if (answer === 'lost' || answer.result.errorCode !== ErrorCode.NONE) return this.#refused()
    ledger.transactions.taking('a batch', this.#identity, wasFenced)
    const partition = ledger.transactions.partition(topic, index)
    for (const [place, value] of values.entries()) partition.acknowledged(answer.result.baseOffset + place, value)
    return 'done'
  }

  async commitOffset(group: string, { topic, index }: Pick<Picked, 'topic' | 'index'>, offset: number): Promise<Did> {
    const { ledger } = this.#scene
    const wasFenced = ledger.transactions.isFenced(this.#identity)
    const partitions = [{ partitionIndex: index, committedOffset: offset, committedMetadata: null }]
    const topics = [{ topicId: topic.id, partitions }]
    const body = { ...this.#identity, groupId: group, topics }
    const answer = await untilAnswered(this.#scene, `${this.transactionalId} commits an offset`, async () => {
      const coordinator = await this.#client.coordinatorOf(group)
      if (coordinator === null) return null
      const answer = await this.#client.ask(TxnOffsetCommitRequest, TxnOffsetCommitResponse, 6, body, coordinator)
      const result = answer?.topics[0]?.partitions[0] ?? null
      if (result?.errorCode !== ErrorCode.NONE) this.#client.forgetCoordinator(group)
      return result
    })
    if (answer === 'lost' || answer.result.errorCode !== ErrorCode.NONE) return this.#refused()
    ledger.transactions.taking('an offset', this.#identity, wasFenced)
    return 'done'
  }

  async end(transaction: Transaction, outcome: 'commit' | 'abort'): Promise<Did> {
    const { ledger } = this.#scene
    const wasFenced = ledger.transactions.isFenced(this.#identity)
    const { transactionalId } = this
    const body = { ...this.#identity, committed: outcome === 'commit' }
    if (outcome === 'commit') transaction.commitAsked()
    const answer = await untilAnswered(this.#scene, `${transactionalId} ends`, async () => {
      const coordinator = await this.#client.transactionCoordinatorOf(transactionalId)
      if (coordinator === null) return null
      const answer = await this.#client.ask(EndTxnRequest, EndTxnResponse, 5, body, coordinator)
      if (answer?.errorCode !== ErrorCode.NONE) this.#client.forgetTransactionCoordinator(transactionalId)
      return answer
    })
    if (answer === 'lost') return this.#refused()
    const { errorCode, producerId, producerEpoch } = answer.result
    if (errorCode !== ErrorCode.NONE) {
      // Asked once, it was not taken; asked more often, it may have been before another took the id.
      if (answer.attempts === 1) transaction.aborted(`its end was refused: ${errorName(errorCode)}`)
      return this.#refused()
    }
    ledger.transactions.taking('an end', this.#identity, wasFenced)
    if (outcome === 'commit') transaction.committed('its commit was acknowledged')
    else transaction.aborted('its abort was acknowledged')
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
    this.#sequences.clear()
    return 'done'
  }

  get #identity() {
    const { transactionalId } = this
    return { transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch }
  }

  #refused(): Did {
    this.#scene.ledger.transactions.counts['producers refused'] += 1
    return 'refused'
  }

  #produceRequest(topicId: string, index: number, values: readonly string[], baseSequence: number): ProduceRequest {
    const { transactionalId, producerId, producerEpoch } = this.#identity
    const records = values.map((value) => ({
      timestamp: timeOf(value),
      key: null,
      value: Buffer.from(value),
      headers: []
    }))
    const batch = buildBatch({ records, producerId, producerEpoch, baseSequence, isTransactional: true })
    const topicData = [{ topicId, partitionData: [{ index, records: batch }] }]
    return { transactionalId, acks: -1, timeoutMs: 30_000, topicData }
  }
}

/** Where a partition is damaged that transactions write to, those that are open there never end. */
export function hasLostPartition({ ledger, cluster }: Scene): boolean {
  return ledger.transactional.some(({ id, partitions }) => partitions.some((_, index) => cluster.isLost(id, index)))
}

async function untilAnswered<Result extends { readonly errorCode: number }>(
  scene: Scene,
  what: string,
  ask: () => Promise<Result | null>
): Promise<Answered<Result>> {
  const { world, cluster } = scene
  for (let attempts = 1; ; attempts += 1) {
    const result = await ask()
    if (result !== null && !passing.has(result.errorCode)) return { result, attempts }
    if (cluster.hasLostTransactions || hasLostPartition(scene)) return 'lost'
    await world.pause(againMicros, `${what} (${result === null ? 'no answer' : errorName(result.errorCode)})`)
  }
}
