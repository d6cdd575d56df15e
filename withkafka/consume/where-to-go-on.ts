/**
 * Where a member reads a partition on: behind what its group committed, or, when the messages are stored, behind the last
 * one that is stored. A group that never committed begins at the beginning.
 */
import type { Kafka } from 'kafkajs'
import { mayPass } from '../client-errors.ts'
import { tell } from '../output.ts'
import { Problem } from '../problem.ts'
import { type Bounds, boundsOf } from '../topic.ts'
import { nameOf, type Partition } from './message.ts'
import type { Processing } from './processing.ts'

export interface Position {
  readonly next: number
  readonly by: 'group' | 'stored data'
}

export type WhereToGoOn = (partition: Partition, cancel: AbortSignal) => Promise<Position>

export function whereToGoOn(kafka: Kafka, group: string, processing: Processing): WhereToGoOn {
  return async (partition, cancel) => {
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
}

/** -1 when it committed nothing. */
async function committedBy(kafka: Kafka, groupId: string, { topic, partition }: Partition): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
    return Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1)
  } finally {
    await admin.disconnect()
  }
}

/** The brokers may be away for a while; the client's own patience, some seconds, is not enough for a consumer. */
async function whileAway<Result>(cancel: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (cancel.aborted || !mayPass(error)) throw error
    }
  }
}

function notTheSameTopic(partition: Partition, stored: number, { end }: Bounds): Problem {
  return new Problem({
    what: `${nameOf(partition)} ends at offset ${end}, but ${stored} offsets of it are stored`,
    why: 'the topic was deleted and made again, or these are other brokers',
    next: 'store in another directory'
  })
}
