/** For --exit: what is there when the program starts, and whether all of it is dealt with. */
import type { Kafka } from 'kafkajs'
import { boundsOf } from '../topic.ts'
import { nameOf } from './message.ts'
import type { OwnedPartition } from './owned-partition.ts'

export type IsAtEnd = (partition: OwnedPartition) => boolean

export async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<IsAtEnd> {
  const ends = new Map<string, number>()
  for (const topic of topics)
    for (const [partition, { end }] of await boundsOf(kafka, topic)) ends.set(nameOf({ topic, partition }), end)
  return ({ name, next }) => next !== undefined && next >= (ends.get(name) ?? 0)
}
