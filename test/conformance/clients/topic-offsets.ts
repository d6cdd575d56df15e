/** The offsets of a topic's partitions, as kafkajs reads them. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Admin } from 'kafkajs'

const LIMIT_MS = 30_000
const LOOK_AGAIN_MS = 100

export type TopicOffsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>

/**
 * kafkajs does not ask again when a partition has no leader at its broker for a moment, as those of a Kafka that has just made
 * them or has just started; everything that may pass is given time here.
 */
export async function topicOffsets(admin: Admin, topic: string): Promise<TopicOffsets> {
  const deadline = performance.now() + LIMIT_MS
  for (;;) {
    try {
      return await admin.fetchTopicOffsets(topic)
    } catch (error) {
      if (!isRetriable(error) || performance.now() > deadline) throw error
      await pause(LOOK_AGAIN_MS)
    }
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true
}
