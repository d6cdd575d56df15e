/**
 * The seven concepts, in the order of the lessons.
 */
import type { Concept } from '../concept.ts'
import { broker } from './broker.ts'
import { consumer } from './consumer.ts'
import { offset } from './offset.ts'
import { partition } from './partition.ts'
import { producer } from './producer.ts'
import { replicationFactor } from './replication-factor.ts'
import { topic } from './topic.ts'

export const concepts: readonly Concept[] = [topic, broker, producer, partition, consumer, offset, replicationFactor]

/** By its name or another word for it. */
export function conceptNamed(word: string): Concept | undefined {
  const lower = word.toLowerCase()
  return concepts.find(({ name, aliases }) => name === lower || aliases.includes(lower))
}
