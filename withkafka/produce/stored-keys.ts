/**
 * For --resume: reads which keys the topic holds. A producer that was killed cannot know which of its last messages arrived;
 * the topic does.
 */
import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { groupTimeouts, keepPolling, waitBriefly } from '../client/membership.ts'
import { boundsOf, withAdmin } from '../client/topic.ts'

/** Keys as text, each byte a character: that compares any bytes. */
export class StoredKeys {
  readonly #keys = new Set<string>()

  add(key: Buffer | null): void {
    if (key !== null) this.#keys.add(key.toString('latin1'))
  }

  has(key: Buffer | null): boolean {
    return key !== null && this.#keys.has(key.toString('latin1'))
  }
}

/** Reads from the beginning to what is the end now, in a group of its own that is gone afterwards. */
export async function readStoredKeys(kafka: Kafka, topic: string, stop: AbortSignal): Promise<StoredKeys> {
  const keys = new StoredKeys()
  const bounds = await boundsOf(kafka, topic)
  const unread = new Map([...bounds].filter(([, { start, end }]) => start < end).map(([id, { end }]) => [id, end]))
  if (unread.size === 0) return keys
  const groupId = `kafkaprod-resume-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, ...groupTimeouts })
  const read = new AbortController()
  const until = AbortSignal.any([stop, read.signal])
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const poll = () =>
    consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) keys.add(message.key)
      }
    })
  await new Promise<void>((resolve, reject) => {
    until.addEventListener('abort', () => resolve(), { once: true })
    // Batches of nothing but a transaction's marks come only as this event.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (Number(payload.lastOffset) + 1 >= (unread.get(payload.partition) ?? 0)) unread.delete(payload.partition)
      if (unread.size === 0) read.abort()
    })
    keepPolling(consumer, { poll, until, onLost: () => {}, onFailure: reject })
  })
  await waitBriefly(consumer.disconnect())
  // A group without members and offsets would go by itself, in time.
  await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {})
  return keys
}
