/**
 * Reads all that is written to the demo's topics, as a stranger who belongs to no group, and goes on where it stopped when the
 * broker was away.
 */
import type { Cluster } from '../../cluster.ts'
import { completeCodecs } from '../../compression.ts'
import { Reader } from '../../consume/reader.ts'
import { partitionName } from '../../partitions.ts'
import { eventOf, type WrittenEvent } from '../events.ts'
import { topicNames } from '../services.ts'
import { findPartitions, type Stand } from '../stand.ts'

export interface FlowOptions {
  readonly topics: Stand['topics']
  readonly stopped: AbortSignal
  open(): Promise<Cluster>
  /** Resolves when the broker answers. */
  reachable(): Promise<void>
  onEvents(events: readonly WrittenEvent[]): void
}

/** Resolves when it is stopped. */
export async function followFlow(options: FlowOptions): Promise<void> {
  const next = new Map<string, bigint>()
  while (!options.stopped.aborted) {
    await options.reachable()
    const cluster = await options.open().catch(() => undefined)
    if (cluster === undefined) continue
    try {
      await readFrom(cluster, next, options)
    } catch {
      // Whoever watches the broker has told; reading begins again at the same place.
    } finally {
      await cluster.close().catch(() => {})
    }
  }
}

async function readFrom(cluster: Cluster, next: Map<string, bigint>, options: FlowOptions): Promise<void> {
  const { topics, stopped, onEvents } = options
  await completeCodecs(cluster.library)
  const partitions = await findPartitions(cluster, topics)
  const reader = new Reader(cluster, { isolation: 'uncommitted', interrupted: stopped, onNotice: () => {} })
  for (const partition of Object.values(partitions).flat()) {
    reader.add(partition, next.get(partitionName(partition)) ?? 0n, undefined)
  }
  const names = new Map(topicNames.map((name) => [topics[name], name] as const))
  for await (const records of reader.read()) {
    const events = records.flatMap((record) => {
      const name = names.get(record.topic)
      const event = name === undefined ? undefined : eventOf(name, record)
      return event === undefined ? [] : [event]
    })
    if (events.length > 0) onEvents(events)
    for (const [name, position] of reader.positions) next.set(name, position.next)
  }
}
