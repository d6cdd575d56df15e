/**
 * Reads what is committed, writes an output for each input, and commits how far it has read, all in one transaction. Two of them have one
 * transactional id: who begins fences the other, and goes on where the group is.
 */
import type { Client } from '../client.ts'
import { inputTopic, outputTopic } from '../ledger.ts'
import { type Picked, pauseAWhile, pickTransactional, type Scene } from '../scene.ts'
import { fetchCommitted } from './committed-fetch.ts'
import { outputOf } from './processed-ledger.ts'
import { processedUpTo, processingGroup } from './processed-offset.ts'
import { type Did, TransactionalSession } from './transactional-session.ts'

const transactionalId = 'cashier'
const longestPauseMicros = 1_000_000

export class Transformer {
  readonly #scene: Scene
  readonly #client: Client
  readonly #name: string
  /** Where each partition is read on; those that are not known are asked for. */
  readonly #positions = new Map<string, number>()
  #outputs = 0
  #transactions = 0

  constructor(scene: Scene, client: Client, name: string) {
    this.#scene = scene
    this.#client = client
    this.#name = name
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      const session = await TransactionalSession.begin(this.#scene, this.#client, transactionalId)
      if (session === null) return
      this.#positions.clear()
      for (let rounds = world.between(4, 30); rounds > 0 && !this.#scene.isOver; rounds -= 1) {
        if ((await this.#transform(session)) === 'refused') break
        await pauseAWhile(this.#scene)
      }
      await world.pause(world.between(0, longestPauseMicros), `${this.#name} begins anew`)
    }
    await TransactionalSession.begin(this.#scene, this.#client, transactionalId)
  }

  async #transform(session: TransactionalSession): Promise<Did> {
    const { world, ledger } = this.#scene
    const input = pickTransactional(this.#scene, inputTopic)
    const output = pickTransactional(this.#scene, outputTopic)
    if (input === null || output === null) return 'done'
    const key = `${input.topic.name}-${input.index}`
    const from = await this.#positionIn(input)
    if (from === null) return 'done'
    const fetched = await fetchCommitted(this.#client, input.topic.id, input.index, from)
    if (fetched === null) return 'done'
    ledger.transactions.partition(input.topic, input.index).passed(from, fetched)
    if (fetched.records.length === 0) return 'done'
    this.#transactions += 1
    const transaction = ledger.transactions.begin(`${this.#name}, ${this.#transactions}`)
    const partition = ledger.transactions.partition(output.topic, output.index)
    const values = fetched.records.map(({ value }) => {
      this.#outputs += 1
      const result = outputOf(`${this.#name}/${this.#outputs}`, value ?? '')
      partition.send(result, { transaction, sender: this.#name, sequence: this.#outputs })
      return result
    })
    ledger.transactions.processed.commitAsked(key, fetched.nextOffset, transaction)
    if ((await session.write(output, values)) === 'refused') return 'refused'
    if ((await session.commitOffset(processingGroup, input, fetched.nextOffset)) === 'refused') return 'refused'
    if (world.oneIn(12)) return 'refused'
    const outcome = world.oneIn(5) ? 'abort' : 'commit'
    const did = await session.end(transaction, outcome)
    if (did === 'done' && outcome === 'commit') this.#positions.set(key, fetched.nextOffset)
    return did
  }

  async #positionIn(input: Picked): Promise<number | null> {
    const key = `${input.topic.name}-${input.index}`
    const known = this.#positions.get(key)
    if (known !== undefined) return known
    const told = await processedUpTo(this.#scene, this.#client, input, 'stable')
    if (told !== null) this.#positions.set(key, Math.max(told, 0))
    return told === null ? null : Math.max(told, 0)
  }
}
