/** One fetch from one partition, as readers and the auditor in the end do it. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { lastOffsetOf, readBatchHeader } from '../../src/protocol/records/batch.ts'
import { type RecordHeader, readRecords } from '../../src/protocol/records/reader.ts'
import type { Client } from './client.ts'

const fetchBytes = 64 * 1024

/** What one fetch gave. */
export interface Fetched {
  readonly errorCode: number
  readonly startOffset: number
  readonly endOffset: number
  /** Behind the last batch that came: in a compacted log there may be none of its records. */
  readonly nextOffset: number
  readonly records: readonly FetchedRecord[]
}

export interface FetchedRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly RecordHeader[]
}

/** Asks who leads; null when nobody does, or no answer came. */
export async function fetchFrom(
  client: Client,
  topicId: string,
  partition: number,
  fetchOffset: number,
  maxWaitMs: number
): Promise<Fetched | null> {
  const leader = await client.leaderOf(topicId, partition)
  if (leader === null) return null
  const asked = { partition, fetchOffset, currentLeaderEpoch: leader.epoch, partitionMaxBytes: fetchBytes }
  const body = { maxWaitMs, minBytes: 1, maxBytes: fetchBytes, topics: [{ topicId, partitions: [asked] }] }
  const answer = await client.ask(FetchRequest, FetchResponse, 17, body, leader.node)
  const result = answer?.responses[0]?.partitions[0]
  if (result === undefined) return null
  if (result.errorCode !== ErrorCode.NONE) client.forgetLeader(topicId, partition)
  const { errorCode, logStartOffset: startOffset, highWatermark: endOffset } = result
  const records: FetchedRecord[] = []
  let nextOffset = fetchOffset
  for (const batch of batchesIn(result.records)) {
    for (const { offset, key, value, headers } of readRecords(batch)) {
      if (offset < fetchOffset) continue
      records.push({ offset, key: key?.toString() ?? null, value: value?.toString() ?? null, headers })
    }
    nextOffset = Math.max(nextOffset, lastOffsetOf(readBatchHeader(batch)) + 1)
  }
  return { errorCode, startOffset, endOffset, nextOffset, records }
}

export function* batchesIn(bytes: Buffer | null): Generator<Buffer> {
  for (let position = 0; bytes !== null && position < bytes.length; ) {
    const { sizeBytes } = readBatchHeader(bytes, position)
    yield bytes.subarray(position, position + sizeBytes)
    position += sizeBytes
  }
}
