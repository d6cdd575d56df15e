/** The topic that a share group of a simulation reads, from the beginning on. */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { AlterShareGroupOffsetsRequest } from '../../../src/protocol/generated/api/alter-share-group-offsets-request.ts'
import { AlterShareGroupOffsetsResponse } from '../../../src/protocol/generated/api/alter-share-group-offsets-response.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { DescribeShareGroupOffsetsRequest } from '../../../src/protocol/generated/api/describe-share-group-offsets-request.ts'
import { DescribeShareGroupOffsetsResponse } from '../../../src/protocol/generated/api/describe-share-group-offsets-response.ts'
import { MetadataRequest } from '../../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../../src/protocol/generated/api/metadata-response.ts'
import type { Client } from '../client.ts'
import { sharedTopic } from '../ledger.ts'
import type { Scene } from '../scene.ts'

export const shareGroup = 'guests'
const numPartitions = 2
const againMicros = 300_000

/** Members come once the group is to begin at 0: what `share.auto.offset.reset` says a broker may hear too late. */
export async function makeSharedTopic(scene: Scene, client: Client): Promise<void> {
  const { world, cluster, ledger } = scene
  const replicationFactor = world.between(1, cluster.nodes.length)
  const topics = [{ name: sharedTopic, numPartitions, replicationFactor, assignments: [], configs: [] }]
  let topicId: string | null = null
  while (!scene.isOver && topicId === null) {
    await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
    const answer = await client.ask(MetadataRequest, MetadataResponse, 12, { topics: [{ name: sharedTopic }] })
    const told = answer?.topics[0]
    if (told?.errorCode === ErrorCode.NONE) topicId = told.topicId
    else await world.pause(againMicros, 'the shared topic is made again')
  }
  while (!scene.isOver && topicId !== null) {
    if (await beginsAtZero(client)) {
      ledger.topicIs(topicId, sharedTopic, numPartitions)
      ledger.sharedRecords.isBegun = true
      return
    }
    await world.pause(againMicros, 'where the group begins is said again')
  }
}

async function beginsAtZero(client: Client): Promise<boolean> {
  const coordinator = await client.coordinatorOf(shareGroup)
  if (coordinator === null) return false
  const partitions = Array.from({ length: numPartitions }, (_, partitionIndex) => ({ partitionIndex, startOffset: 0 }))
  const body = { groupId: shareGroup, topics: [{ topicName: sharedTopic, partitions }] }
  const answer = await client.ask(AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, 0, body, coordinator)
  const told = answer?.responses[0]?.partitions ?? []
  if (told.length === numPartitions && told.every(({ errorCode }) => errorCode === ErrorCode.NONE)) return true
  client.forgetCoordinator(shareGroup)
  return false
}

/** Whether the share coordinators tell where the group is in each partition: they have read all of their logs for it. */
export async function tellsWhereGroupIs(client: Client): Promise<boolean> {
  const coordinator = await client.coordinatorOf(shareGroup)
  if (coordinator === null) return false
  const partitions = Array.from({ length: numPartitions }, (_, partition) => partition)
  const body = { groups: [{ groupId: shareGroup, topics: [{ topicName: sharedTopic, partitions }] }] }
  const [request, response] = [DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse]
  const answer = await client.ask(request, response, 1, body, coordinator)
  const told = answer?.groups[0]?.topics[0]?.partitions ?? []
  if (told.length === numPartitions && told.every(({ errorCode }) => errorCode === ErrorCode.NONE)) return true
  client.forgetCoordinator(shareGroup)
  return false
}
