/**
 * A producer of a simulation that writes to several partitions in one transaction, and commits it, aborts it or leaves it open until its time
 * is up. Others have the same transactional id: who begins fences who had it before, and who was fenced learns it when it is refused.
 */

import type { Client } from '../client.ts'
import { inputTopic } from '../ledger.ts'
import { pauseAWhile, pickTransactional, type Scene } from '../scene.ts'
import type { Transaction } from './transaction-ledger.ts'
import { type Did, TransactionalSession } from './transactional-session.ts'

const mostBatches = 4
const largestBatch = 3
/** Longer than some transactions may last. */
const longestPauseMicros = 1_500_000

export class TransactionalProducer {
  readonly #scene: Scene
  readonly #client: Client
  readonly #name: string
  readonly #transactionalId: string
  #values = 0
  #transactions = 0

  constructor(scene: Scene, client: Client, name: string, transactionalId: string) {
    this.#scene = scene
    this.#client = client
    this.#name = name
    this.#transactionalId = transactionalId
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      const session = await TransactionalSession.begin(this.#scene, this.#client, this.#transactionalId)
      if (session === null) return
      for (let transactions = world.between(1, 25); transactions > 0 && !this.#scene.isOver; transactions -= 1) {
        if ((await this.#transact(session)) === 'refused') break
        await pauseAWhile(this.#scene)
      }
      // Whoever has fenced it works for a while.
      await world.pause(world.between(0, longestPauseMicros), `${this.#name} begins anew`)
    }
    // What it has left open ends.
    await TransactionalSession.begin(this.#scene, this.#client, this.#transactionalId)
  }

  async #transact(session: TransactionalSession): Promise<Did> {
    const { world, ledger } = this.#scene
    this.#transactions += 1
    const transaction = ledger.transactions.begin(`${this.#name}, ${this.#transactions}`)
    for (let batches = world.between(1, mostBatches); batches > 0; batches -= 1) {
      const picked = pickTransactional(this.#scene, inputTopic)
      if (picked === null) return 'done'
      const values = this.#newValues(transaction, ledger.transactions.partition(picked.topic, picked.index))
      if ((await session.write(picked, values)) === 'refused') return 'refused'
      if (world.oneIn(4)) await pauseAWhile(this.#scene)
    }
    if (world.oneIn(12)) {
      ledger.transactions.counts['left open'] += 1
      await world.pause(world.between(0, longestPauseMicros), `${this.#name} leaves a transaction open`)
      if (world.oneIn(2)) return 'refused'
    }
    return await session.end(transaction, world.oneIn(4) ? 'abort' : 'commit')
  }

  #newValues(
    transaction: Transaction,
    partition: { send(value: string, sent: { transaction: Transaction; sender: string; sequence: number }): void }
  ): string[] {
    return Array.from({ length: this.#scene.world.between(1, largestBatch) }, () => {
      this.#values += 1
      const value = `${this.#name}/${this.#values}`
      partition.send(value, { transaction, sender: this.#name, sequence: this.#values })
      return value
    })
  }
}
