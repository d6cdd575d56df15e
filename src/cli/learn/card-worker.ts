/**
 * One who reads orders and charges cards in transactions: what it writes, and how far it has read, are in one transaction. It dies when it
 * says nothing more.
 */
import type { Cluster } from '../cluster.ts'
import { Outage } from '../outage.ts'
import { ledPartitions } from '../partitions.ts'
import { Transaction } from '../produce/transaction.ts'

export interface Charge {
  readonly value: string
  /** Of whom, and up to where: what comes next in the first partition. */
  readonly group: string
  readonly orders: string
  readonly nextOrder: bigint
}

export class CardWorker {
  readonly #cluster: Cluster
  readonly #transaction: Transaction
  readonly #topic: string

  private constructor(cluster: Cluster, transactionalId: string, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
    this.#transaction = new Transaction(cluster, {
      ...{ transactionalId, topic, outage: new Outage(cluster.brokers, () => {}) },
      ...{ patienceMs: cluster.timeoutMs, interrupted: new AbortController().signal }
    })
  }

  /** Who had the same id is fenced, and what it left open is aborted. `topic`: where it writes. */
  static async begin(cluster: Cluster, transactionalId: string, topic: string): Promise<CardWorker> {
    const worker = new CardWorker(cluster, transactionalId, topic)
    await worker.#transaction.begin()
    return worker
  }

  /** Writes the charge and how far it has read; nothing of it counts before the commit. */
  async charge({ value, group, orders, nextOrder }: Charge): Promise<void> {
    await this.#write(value)
    await this.#transaction.includeOffset(group, { topic: orders, partition: 0, offset: nextOrder })
  }

  async commit(): Promise<void> {
    await this.#transaction.commit()
  }

  async #write(value: string): Promise<void> {
    const [cluster, topic] = [this.#cluster, this.#topic]
    await this.#transaction.include([0])
    const { topics: found } = await cluster.metadata([topic], 'leave')
    const leader = ledPartitions(found)[0]?.leader ?? -1
    const messages = [{ topic, partition: 0, value: Buffer.from(value) }]
    await cluster.call('Produce', leader, -1, cluster.timeoutMs, messages, {
      ...(await this.#transaction.begin()),
      transactionalId: this.#transaction.transactionalId,
      sequences: new cluster.library.NumericMap([[`${topic}:0`, 0]])
    })
  }
}
