/**
 * A topic is a named mailbox with one or more partitions. It is made when it is first used: with three partitions, on whatever
 * broker, so that up to three members of a group share it; and with as many copies as the brokers make by default.
 */
import type { Admin, Kafka } from 'kafkajs'
import { tell } from '../program/output.ts'
import { Problem, reasonOf, wrongUsage } from '../program/problem.ts'
import { whileAway } from './patience.ts'

const boundsPatienceMs = 10_000
const numPartitions = 3

/** Resolves with the partitions of the topic, from 0. */
export async function createTopicIfMissing(kafka: Kafka, topic: string): Promise<number[]> {
  try {
    return await withAdmin(kafka, async (admin) => {
      const isThere = (await admin.listTopics()).includes(topic)
      if (!isThere && (await admin.createTopics({ topics: [{ topic, numPartitions }] })))
        tell(`made the topic ${topic}`)
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return (topics[0]?.partitions ?? []).map(({ partitionId }) => partitionId).sort((a, b) => a - b)
    })
  } catch (error) {
    throw cannotOpen(topic, error)
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
  const giveUp = AbortSignal.timeout(boundsPatienceMs)
  const offsets = await withAdmin(kafka, (admin) => whileAway(giveUp, () => admin.fetchTopicOffsets(topic)))
  return new Map(offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }]))
}

export async function withAdmin<Result>(kafka: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
