/**
 * The experiment of each concept.
 */
import type { Concept } from '../concept.ts'
import type { Lesson } from '../lab.ts'
import { brokerLesson } from './broker.ts'
import { consumerLesson } from './consumer.ts'
import { exactlyOnceLesson } from './exactly-once.ts'
import { offsetLesson } from './offset.ts'
import { partitionLesson } from './partition.ts'
import { producerLesson } from './producer.ts'
import { replicationLesson } from './replication-factor.ts'
import { topicLesson } from './topic.ts'

const lessons: readonly Lesson[] = [
  topicLesson,
  brokerLesson,
  producerLesson,
  partitionLesson,
  consumerLesson,
  offsetLesson,
  replicationLesson,
  exactlyOnceLesson
]

export function lessonOf(concept: Concept): Lesson {
  const found = lessons.find((one) => one.concept === concept)
  if (!found) throw new Error(`${concept.name} has no experiment`)
  return found
}
