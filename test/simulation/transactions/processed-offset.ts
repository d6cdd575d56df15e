/** Where the group that processes is. */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { OffsetFetchRequest } from '../../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../../src/protocol/generated/api/offset-fetch-response.ts'
import type { Client } from '../client.ts'
import type { Picked, Scene } from '../scene.ts'

export const processingGroup = 'cashiers'

/** -1 where it is nowhere; null when nobody says. `stable`: only when no transaction is open that would move it (KIP-447). */
export async function processedUpTo(
  { ledger, cluster }: Scene,
  client: Client,
  { topic, index }: Pick<Picked, 'topic' | 'index'>,
  wanted: 'any' | 'stable'
): Promise<number | null> {
  const coordinator = await client.coordinatorOf(processingGroup)
  if (coordinator === null) return null
  const { processed } = ledger.transactions
  const place = `${topic.name}-${index}`
  const atLeast = processed.atLeast(place, wanted)
  const epoch = cluster.coordinatedEpochOf(processingGroup, coordinator)
  const groups = [{ groupId: processingGroup, topics: [{ topicId: topic.id, partitionIndexes: [index] }] }]
  const body = { groups, requireStable: wanted === 'stable' }
  const answer = await client.ask(OffsetFetchRequest, OffsetFetchResponse, 10, body, coordinator)
  const told = answer?.groups[0]
  const result = told?.topics[0]?.partitions[0]
  // One that coordinates no more, and was not told, says where the group was.
  const isSure = epoch !== null && epoch === cluster.coordinatedEpochOf(processingGroup, coordinator)
  if (result === undefined || told?.errorCode !== ErrorCode.NONE || result.errorCode !== ErrorCode.NONE || !isSure) {
    if (result?.errorCode !== ErrorCode.UNSTABLE_OFFSET_COMMIT) client.forgetCoordinator(processingGroup)
    return null
  }
  processed.told(place, result.committedOffset, atLeast)
  return result.committedOffset
}
