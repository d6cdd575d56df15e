/** Memory that fetches read into belongs to one answer until every byte of that has left (the disk here is a real one: it reads into what it is given). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { batchOf, createTopic, produce } from './apis/records-setup.ts'
import { session, startBroker } from './apis/setup.ts'

/** Larger than what is read into memory of its own (`limits.lentFromBytes`). */
const largeBytes = 300_000

async function fetchFrom(broker: Broker, partition: number) {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 1_048_576 }]
  const body = { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1_048_576, topics: [{ topic: 't1', partitions }] }
  const frame = Buffer.concat(encodeRequest(7, 'client', FetchRequest, 4, body)).subarray(4)
  const answer = await broker.answer(session, frame)
  assert.ok(answer.kind === 'answer')
  return answer
}

const memoryOf = ({ chunks }: { readonly chunks: readonly Buffer[] }) =>
  chunks.find(({ length }) => length >= largeBytes)?.buffer

async function twoLargePartitions(path: string): Promise<Broker> {
  const broker = await startBroker({}, new NodeDisk(path))
  await createTopic(broker, 't1')
  for (const [partition, letter] of ['a', 'b'].entries()) {
    await produce(broker, { partition, records: batchOf([letter.repeat(largeBytes)]) })
  }
  return broker
}

test('an answer that has not left keeps its bytes, however many fetches come after it', async () => {
  using directory = temporaryDirectory('fetch-memory')
  const broker = await twoLargePartitions(directory.path)
  const answer = await fetchFrom(broker, 0)
  const bytes = Buffer.concat(answer.chunks)
  for (let more = 0; more < 20; more++) await fetchFrom(broker, 1)
  assert.ok(Buffer.concat(answer.chunks).equals(bytes))
  assert.ok(bytes.includes('a'.repeat(largeBytes)))
  await broker.stop()
})

test('the memory of an answer that has left is read into again, and given back once only', async () => {
  using directory = temporaryDirectory('fetch-memory')
  const broker = await twoLargePartitions(directory.path)
  const first = await fetchFrom(broker, 0)
  first.onSent?.()
  first.onSent?.()
  const [second, third] = [await fetchFrom(broker, 1), await fetchFrom(broker, 0)]
  assert.equal(memoryOf(second), memoryOf(first))
  assert.notEqual(memoryOf(third), memoryOf(second))
  await broker.stop()
})
