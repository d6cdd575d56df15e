/** Clients of several kinds under load on one cluster, and what must hold for each of them after a death. */
import assert from 'node:assert/strict'
import { kcat } from '../conformance/clients/kcat.ts'
import { createByAsking } from '../harness/raw-requests.ts'
import { RawConnection } from '../harness/wire.ts'
import { Load, type LoadClient } from './clients/load.ts'
import { findFaults, findMisreads } from './ledger.ts'
import { committedOffsets, endOffsets } from './partition-requests.ts'

export const PARTITIONS = 3
const ACKNOWLEDGED_PER_ROUND = 100

/** What clients were promised at one moment. */
export interface Promised {
  readonly ends: ReadonlyMap<number, number>
  readonly committed: ReadonlyMap<number, number>
}

/** As clients create one: by asking for it. */
export async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const connection = await RawConnection.open(bootstrap.split(',')[0] ?? '')
  await createByAsking(connection, topic)
  connection.close()
}

/** One client that writes to a topic of its own, and one of the same kind that reads it as a group. */
export class Pair {
  readonly name: string
  readonly topic: string
  readonly group: string
  readonly producer: Load
  readonly consumer: Load
  #bootstrap: string

  static async start(client: LoadClient, bootstrap: string): Promise<Pair> {
    const topic = `of-${client.name}`
    await createTopic(bootstrap, topic)
    return new Pair(client, topic, bootstrap)
  }

  private constructor(client: LoadClient, topic: string, bootstrap: string) {
    this.name = client.name
    this.topic = topic
    this.group = `readers-of-${topic}`
    this.#bootstrap = bootstrap
    this.producer = new Load(client, client.produce(bootstrap, topic))
    this.consumer = new Load(client, client.consume(bootstrap, topic, this.group))
  }

  /** Both have got further. */
  async progress(): Promise<void> {
    await Promise.all([this.producer.progress(ACKNOWLEDGED_PER_ROUND), this.consumer.progress(0)])
  }

  promised(): Promised {
    this.producer.take()
    this.consumer.take()
    const ends = new Map<number, number>()
    for (const { partition, offset } of this.producer.acknowledged)
      ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1))
    return { ends, committed: new Map(this.consumer.committed) }
  }

  /** The log reaches as far as was acknowledged, and the commits are there. */
  async assertKept(promised: Promised): Promise<void> {
    // First what is committed, since both go on.
    const kept = await committedOffsets(this.#bootstrap, this.group, this.topic, PARTITIONS)
    const ends = await endOffsets(this.#bootstrap, this.topic, PARTITIONS)
    for (const [partition, end] of promised.ends) {
      const found = ends.get(partition) ?? -1
      assert.ok(found >= end, `${this.topic}-${partition} was acknowledged up to ${end}; it ends at ${found}`)
    }
    for (const [partition, offset] of promised.committed) {
      const found = kept.get(partition) ?? -1
      assert.ok(found >= offset, `${offset} was committed for ${this.topic}-${partition}; it says ${found}`)
      assert.ok(
        found <= (ends.get(partition) ?? -1),
        `${found} is committed beyond the end of ${this.topic}-${partition}`
      )
    }
  }

  /** The client saw no error that it did not try again. */
  assertUntroubled(): void {
    assert.deepEqual([...this.producer.failures, ...this.consumer.failures], [])
  }

  /** Ends both, and holds the log against what they saw. Answers how many records there are. */
  async assertWhole(): Promise<number> {
    await this.producer.end()
    const promised = this.promised()
    await this.consumer.end()
    this.assertUntroubled()
    await this.assertKept(promised)
    const { written, acknowledged } = this.producer
    assert.ok(written > 0, `${this.name} told what it wrote`)
    assert.equal(acknowledged.length, written, `${this.name} has an acknowledgement for each record`)
    const consumed = await kcat.consume(this.#bootstrap, { topic: this.topic, count: written })
    const stored = consumed.map(({ partition, offset, value }) => ({
      partition,
      offset,
      number: Number(value?.toString())
    }))
    assert.deepEqual(findFaults(stored, acknowledged, written), [], this.topic)
    assert.deepEqual(findMisreads(stored, this.consumer.read), [], this.topic)
    return written
  }

  async kill(): Promise<void> {
    await Promise.all([this.producer.kill(), this.consumer.kill()])
  }

  said(): string {
    return `${this.producer.said()}\n${this.consumer.said()}`
  }
}
