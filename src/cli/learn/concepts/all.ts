/** The seven concepts, in the order of the lessons, and the lesson on what they are good for together. */
import type { Concept } from '../concept.ts'
import { broker } from './broker.ts'
import { consumer } from './consumer.ts'
import { exactlyOnce } from './exactly-once.ts'
import { offset } from './offset.ts'
import { partition } from './partition.ts'
import { producer } from './producer.ts'
import { replicationFactor } from './replication-factor.ts'
import { topic } from './topic.ts'

export const concepts: readonly Concept[] = [topic, broker, producer, partition, consumer, offset, replicationFactor]

/** Beyond the seven. */
export const furtherConcepts: readonly Concept[] = [exactlyOnce]

export const allConcepts: readonly Concept[] = [...concepts, ...furtherConcepts]

/** By its name or another word for it. */
export function conceptNamed(word: string): Concept | undefined {
  const lower = word.toLowerCase()
  return allConcepts.find(({ name, aliases }) => name === lower || aliases.includes(lower))
}
