/** The topics that transactions of a world write to: what comes in, and what comes out. */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import type { Client } from '../client.ts'
import { inputTopic, outputTopic } from '../ledger.ts'
import type { Scene } from '../scene.ts'

const againMicros = 500_000

/** Resolves when they are there, or all is over. */
export async function makeTransactionTopics(scene: Scene, client: Client): Promise<void> {
  const { world, cluster, ledger } = scene
  const brokers = cluster.nodes.length
  for (const name of [inputTopic, outputTopic]) {
    const numPartitions = 2
    const replicationFactor = brokers === 1 || world.oneIn(6) ? 1 : world.between(2, brokers)
    const configs = [
      { name: 'segment.ms', value: String(world.between(1, 50) * 100) },
      { name: 'retention.ms', value: '-1' },
      { name: 'min.insync.replicas', value: String(world.between(1, 2)) }
    ]
    const topics = [{ name, numPartitions, replicationFactor, assignments: [], configs }]
    while (!scene.isOver) {
      const answer = await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
      const result = answer?.topics[0]
      if (result?.errorCode === ErrorCode.NONE) ledger.topicIs(result.topicId, name, numPartitions)
      // Made when no answer came: whoever lists topics tells of it.
      if (result?.errorCode === ErrorCode.NONE || result?.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) break
      await world.pause(againMicros, 'a topic is made again')
    }
  }
}
