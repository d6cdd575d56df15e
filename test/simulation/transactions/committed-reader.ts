/** Reads what is committed of the topics that transactions write to, and asks where the group that processes them is. */
import type { Client } from '../client.ts'
import { inputTopic, outputTopic } from '../ledger.ts'
import { type Picked, pauseAWhile, pickTransactional, type Scene } from '../scene.ts'
import { fetchCommitted } from './committed-fetch.ts'
import { processedUpTo } from './processed-offset.ts'
import { hasLostPartition } from './transactional-session.ts'

const askAgainMicros = 500_000

export class CommittedReader {
  readonly #scene: Scene
  readonly #client: Client
  readonly #positions = new Map<string, number>()

  constructor(scene: Scene, client: Client) {
    this.#scene = scene
    this.#client = client
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      const picked = pickTransactional(this.#scene, world.oneIn(2) ? inputTopic : outputTopic)
      if (picked !== null) await this.#readSome(picked)
      if (picked?.topic.name === inputTopic) await processedUpTo(this.#scene, this.#client, picked, 'any')
      await pauseAWhile(this.#scene)
    }
  }

  async #readSome({ topic, index }: Picked): Promise<void> {
    const key = `${topic.id}-${index}`
    const from = this.#scene.world.oneIn(6) ? 0 : (this.#positions.get(key) ?? 0)
    const fetched = await fetchCommitted(this.#client, topic.id, index, from)
    if (fetched === null) return
    this.#scene.ledger.transactions.partition(topic, index).passed(from, fetched)
    this.#positions.set(key, fetched.nextOffset)
  }
}

/**
 * All of it, when nobody is at work any more: every transaction has ended by then, with each of its markers. `isWanted` hears what it waits
 * for. Of what is damaged for good nothing is asked.
 */
export async function auditTransactions(
  scene: Scene,
  client: Client,
  isWaiting: (obstacle: string) => void
): Promise<void> {
  const { ledger, cluster } = scene
  const isLost = (): boolean => cluster.hasLostTransactions || cluster.hasLostGroups || hasLostPartition(scene)
  const inputs: { partition: ReturnType<typeof ledger.transactions.partition>; end: number }[] = []
  for (const topic of ledger.transactional) {
    for (const index of topic.partitions.keys()) {
      const partition = ledger.transactions.partition(topic, index)
      for (let next = 0, isOver = false; !isOver; ) {
        if (isLost()) return
        const fetched = await fetchCommitted(client, topic.id, index, next)
        if (fetched !== null) partition.passed(next, fetched)
        isOver = fetched !== null && next >= fetched.endOffset
        if (isOver || (fetched !== null && fetched.nextOffset > next)) {
          next = fetched?.nextOffset ?? next
          continue
        }
        isWaiting(`${partition.where} is stable up to ${fetched?.lastStableOffset} of ${fetched?.endOffset}`)
        await scene.world.pause(askAgainMicros, 'transactions end')
      }
      partition.complete()
      for (let end: number | null = null; topic.name === inputTopic && end === null; ) {
        if (isLost()) return
        isWaiting(`where the group is in ${partition.where}`)
        end = await processedUpTo(scene, client, { topic, index }, 'stable')
        if (end !== null) inputs.push({ partition, end })
        else await scene.world.pause(askAgainMicros, 'the group is asked again')
      }
    }
  }
  const outputs = ledger.transactional.filter(({ name }) => name === outputTopic)
  const written = outputs.flatMap((topic) =>
    topic.partitions.map((_, index) => ledger.transactions.partition(topic, index))
  )
  ledger.transactions.processed.complete(inputs, written)
}
