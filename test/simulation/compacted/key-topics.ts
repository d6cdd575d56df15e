/** Makes the compacted topics of a world, each configured by chance, and says what its configuration promises. */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import type { Client } from '../client.ts'
import { compactedTopics } from '../ledger.ts'
import type { Scene } from '../scene.ts'
import type { KeyRules } from './key-ledger.ts'

const againMicros = 500_000
const hourMs = 3_600_000
/** So far back lie the times of old records. */
export const oldMs = 5 * hourMs
/** Clocks go wrong by half an hour, forth and back; within what lasts longer they and the world make no difference. */
const longMs = 2 * hourMs

interface KeyTopic {
  readonly name: string
  readonly rules: KeyRules
  readonly configs: readonly { readonly name: string; readonly value: string }[]
  readonly numPartitions: number
  readonly replicationFactor: number
}

/** Resolves when they are there, or all is over. */
export async function makeKeyTopics(scene: Scene, client: Client): Promise<void> {
  for (const name of compactedTopics) {
    const topic = keyTopic(scene, name)
    scene.ledger.keys.topicIs(name, topic.rules)
    while (!scene.isOver && !(await isMade(scene, client, topic)))
      await scene.world.pause(againMicros, 'a topic is made again')
  }
}

function keyTopic({ world, cluster }: Scene, name: string): KeyTopic {
  const rules: KeyRules = {
    tombstonesStay: world.oneIn(2),
    youngStay: world.oneIn(4),
    oldAreDeleted: world.oneIn(3)
  }
  const configs = {
    'cleanup.policy': rules.oldAreDeleted ? 'compact,delete' : 'compact',
    'segment.ms': world.between(50, 1500),
    'min.cleanable.dirty.ratio': world.oneIn(2) ? 0 : 0.3,
    'delete.retention.ms': rules.tombstonesStay ? longMs : world.between(0, 3000),
    'min.compaction.lag.ms': rules.youngStay ? longMs : 0,
    'retention.ms': rules.oldAreDeleted ? longMs : -1,
    'min.insync.replicas': world.between(1, 2)
  }
  const brokers = cluster.nodes.length
  return {
    name,
    rules,
    configs: Object.entries(configs).map(([name, value]) => ({ name, value: String(value) })),
    numPartitions: world.between(1, 2),
    replicationFactor: brokers === 1 || world.oneIn(6) ? 1 : world.between(2, brokers)
  }
}

async function isMade({ ledger }: Scene, client: Client, topic: KeyTopic): Promise<boolean> {
  const body = { topics: [{ ...topic, assignments: [] }], timeoutMs: 5000 }
  const answer = await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, body)
  const result = answer?.topics[0]
  if (result?.errorCode === ErrorCode.NONE) ledger.topicIs(result.topicId, topic.name, topic.numPartitions)
  // Made when no answer came: whoever lists topics tells of it.
  return result?.errorCode === ErrorCode.NONE || result?.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS
}
