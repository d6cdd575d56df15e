/**
 * Where a member reads a partition on: behind what its group committed, or, when the messages are stored, behind the last
 * one that is stored. A group that never committed begins at the beginning.
 */
import type { Kafka } from 'kafkajs'
import { whileAway } from '../client/patience.ts'
import { type Bounds, boundsOf, withAdmin } from '../client/topic.ts'
import { tell } from '../program/output.ts'
import { Problem } from '../program/problem.ts'
import { nameOf, type Partition } from './message.ts'
import type { Processing } from './processing.ts'

export interface Position {
  readonly next: number
  readonly by: 'group' | 'stored data'
}

export interface Reader {
  readonly kafka: Kafka
  readonly group: string
  readonly processing: Processing
}

/** The brokers may be away for a while; the client's own patience, some seconds, is not enough for a consumer. */
export async function positionOf(reader: Reader, partition: Partition, cancel: AbortSignal): Promise<Position> {
  const { kafka, group, processing } = reader
  const bounds = await whileAway(cancel, () => boundsOf(kafka, partition.topic))
  const { start, end } = bounds.get(partition.partition) ?? { start: 0, end: 0 }
  if (processing.position === undefined) {
    const committed = await whileAway(cancel, () => committedBy(kafka, group, partition))
    return { next: Math.max(committed, start), by: 'group' }
  }
  const stored = await processing.position(partition, cancel)
  if (stored > end) throw notTheSameTopic(partition, stored, { start, end })
  if (stored > 0 && stored < start)
    tell(`${nameOf(partition)}: offsets ${stored} to ${start - 1} are gone from the topic`)
  return { next: Math.max(stored, start), by: 'stored data' }
}

/** -1 when it committed nothing. */
async function committedBy(kafka: Kafka, groupId: string, { topic, partition }: Partition): Promise<number> {
  const [found] = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
  return Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1)
}

function notTheSameTopic(partition: Partition, stored: number, { end }: Bounds): Problem {
  return new Problem({
    what: `${nameOf(partition)} ends at offset ${end}, but ${stored} offsets of it are stored`,
    why: 'the topic was deleted and made again, or these are other brokers',
    next: 'store in another directory'
  })
}

/** Where each partition ends now, by its name. */
export async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  for (const topic of topics)
    for (const [partition, { end }] of await boundsOf(kafka, topic)) ends.set(nameOf({ topic, partition }), end)
  return ends
}
