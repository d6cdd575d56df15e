/** What the producer says of a batch of which a part was not acknowledged, without a broker. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type AddressedMessage, sendToEachPartition } from '../../withkafka/produce/delivery.ts'

const batch: readonly AddressedMessage[] = [0, 1, 0, 2].map((partition, index) => ({
  index,
  partition,
  key: null,
  value: Buffer.from(`message ${index}`),
  timestamp: '0'
}))

function partitionOf(messages: readonly AddressedMessage[]): number {
  return messages[0]?.partition ?? 0
}

function answered(partition: number) {
  return [{ topicName: 't', partition, errorCode: 0, baseOffset: String(100 * partition) }]
}

test('a partition that refuses its messages does not hide that the others have theirs', async () => {
  const { deliveries, problem } = await sendToEachPartition(
    batch,
    { topic: 't', timeoutMs: 60_000 },
    async (messages) => {
      const partition = partitionOf(messages)
      if (partition === 1) throw new Error('too large')
      await pause(20)
      return answered(partition)
    }
  )
  assert.deepEqual(
    deliveries.map(({ message, offset }) => [message.index, offset]),
    [
      [0, 0],
      [2, 1],
      [3, 200]
    ]
  )
  assert.match(problem?.message ?? '', /not delivered to t; all that were are reported/)
  assert.equal(problem?.why, 'too large')
})

test('what was acknowledged before the time was over is reported', async () => {
  const { deliveries, problem } = await sendToEachPartition(batch, { topic: 't', timeoutMs: 200 }, async (messages) => {
    const partition = partitionOf(messages)
    return partition === 1 ? await new Promise<never>(() => {}) : answered(partition)
  })
  assert.deepEqual(
    deliveries.map(({ message }) => message.index),
    [0, 2, 3]
  )
  assert.match(problem?.why ?? '', /the time was over/)
})

test('a batch that every partition takes has no problem', async () => {
  const { deliveries, problem } = await sendToEachPartition(
    batch,
    { topic: 't', timeoutMs: 60_000 },
    async (messages) => answered(partitionOf(messages))
  )
  assert.equal(deliveries.length, batch.length)
  assert.equal(problem, undefined)
})
