/** One fetch from one partition, as readers and the auditor in the end do it. */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { readRecords } from '../../src/protocol/records/reader.ts'
import type { Client } from './client.ts'

const fetchBytes = 64 * 1024

/** What one fetch gave. */
export interface Fetched {
  readonly errorCode: number
  readonly startOffset: number
  readonly endOffset: number
  readonly records: readonly { readonly offset: number; readonly value: string }[]
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
  const records = [...recordsOf(result.records)].filter(({ offset }) => offset >= fetchOffset)
  return { errorCode: result.errorCode, startOffset: result.logStartOffset, endOffset: result.highWatermark, records }
}

function* recordsOf(bytes: Buffer | null): Generator<{ offset: number; value: string }> {
  for (let position = 0; bytes !== null && position < bytes.length; ) {
    const { sizeBytes } = readBatchHeader(bytes, position)
    for (const { offset, value } of readRecords(bytes.subarray(position, position + sizeBytes))) {
      yield { offset, value: value?.toString() ?? '' }
    }
    position += sizeBytes
  }
}
