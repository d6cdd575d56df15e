/** A fetch of what is committed: records of aborted transactions are passed by, as consumers do (Kafka: CompletedFetch). */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../../src/protocol/generated/api/fetch-response.ts'
import { isControl, isTransactional, lastOffsetOf, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { readTransactionEnd } from '../../../src/protocol/records/control-records.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import type { Client } from '../client.ts'
import { batchesIn } from '../fetch.ts'

const fetchBytes = 64 * 1024
const readCommitted = 1

export interface CommittedFetch {
  readonly nextOffset: number
  readonly lastStableOffset: number
  /** How far replicas have it. */
  readonly endOffset: number
  readonly records: readonly { readonly offset: number; readonly value: string | null }[]
}

interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** Null when nobody leads it, or gives no answer. */
export async function fetchCommitted(
  client: Client,
  topicId: string,
  partition: number,
  fetchOffset: number
): Promise<CommittedFetch | null> {
  const leader = await client.leaderOf(topicId, partition)
  if (leader === null) return null
  const asked = { partition, fetchOffset, currentLeaderEpoch: leader.epoch, partitionMaxBytes: fetchBytes }
  const topics = [{ topicId, partitions: [asked] }]
  const body = { maxWaitMs: 0, minBytes: 1, maxBytes: fetchBytes, isolationLevel: readCommitted, topics }
  const answer = await client.ask(FetchRequest, FetchResponse, 17, body, leader.node)
  const result = answer?.responses[0]?.partitions[0]
  if (result === undefined) return null
  if (result.errorCode !== ErrorCode.NONE) {
    client.forgetLeader(topicId, partition)
    return null
  }
  const { highWatermark: endOffset, lastStableOffset } = result
  return { ...committedIn(result.records, result.abortedTransactions ?? [], fetchOffset), endOffset, lastStableOffset }
}

function committedIn(bytes: Buffer | null, aborted: readonly AbortedTransaction[], fetchOffset: number) {
  const toCome = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset)
  const abortedNow = new Set<number>()
  const records: { offset: number; value: string | null }[] = []
  let nextOffset = fetchOffset
  for (const batch of batchesIn(bytes)) {
    const header = readBatchHeader(batch)
    const { attributes, producerId } = header
    nextOffset = Math.max(nextOffset, lastOffsetOf(header) + 1)
    while (toCome[0] !== undefined && toCome[0].firstOffset <= lastOffsetOf(header))
      abortedNow.add(toCome.shift()?.producerId ?? -1)
    if (isControl(attributes)) {
      if (readTransactionEnd(batch)?.outcome === 'abort') abortedNow.delete(producerId)
    } else if (!isTransactional(attributes) || !abortedNow.has(producerId)) {
      for (const { offset, value } of readRecords(batch))
        if (offset >= fetchOffset) records.push({ offset, value: value?.toString() ?? null })
    }
  }
  return { nextOffset, records }
}
