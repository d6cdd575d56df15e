/**
 * A topic is a named mailbox with one or more partitions. It is made when it is first used, with as many partitions and
 * copies as the brokers make by default.
 */
import type { Kafka } from 'kafkajs'
import { mayPass } from './client-errors.ts'
import { tell } from './output.ts'
import { Problem, reasonOf, wrongUsage } from './problem.ts'

const boundsPatienceMs = 10_000
const boundsRetryMs = 100

/** The partitions of the topic, from 0. */
export async function openTopic(kafka: Kafka, topic: string): Promise<number[]> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const isThere = (await admin.listTopics()).includes(topic)
    if (!isThere && (await admin.createTopics({ topics: [{ topic }] }))) tell(`made the topic ${topic}`)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return (topics[0]?.partitions ?? []).map(({ partitionId }) => partitionId).sort((a, b) => a - b)
  } catch (error) {
    throw cannotOpen(topic, error)
  } finally {
    await admin.disconnect()
  }
}

function cannotOpen(topic: string, error: unknown): Problem {
  const what = `the topic ${topic} cannot be used`
  const [cause = error]: unknown[] = hasErrors(error) ? error.errors : []
  const isBadName = cause instanceof Error && 'type' in cause && cause.type === 'INVALID_TOPIC_EXCEPTION'
  if (isBadName) return wrongUsage(what, reasonOf(cause), 'a name of letters, digits, dots, dashes and underscores')
  return new Problem({ what, why: reasonOf(cause) })
}

/** The library puts what went wrong with each topic into one error. */
function hasErrors(error: unknown): error is { errors: unknown[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

/** Where a partition begins and ends: the first offset that is there, and the one that the next message will get. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/** A topic that was just made, or whose leader moves, is asked again for a while. */
export async function boundsOf(kafka: Kafka, topic: string): Promise<Map<number, Bounds>> {
  const admin = kafka.admin()
  await admin.connect()
  const deadlineMs = performance.now() + boundsPatienceMs
  try {
    for (;;) {
      try {
        const offsets = await admin.fetchTopicOffsets(topic)
        return new Map(
          offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }])
        )
      } catch (error) {
        if (!mayPass(error) || performance.now() > deadlineMs) throw error
        await new Promise((resolve) => setTimeout(resolve, boundsRetryMs))
      }
    }
  } finally {
    await admin.disconnect()
  }
}
