/** Questions of clients to a cluster in memory. */
import type { Broker } from '../../src/broker/broker.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { ask } from '../broker/apis/setup.ts'

/** What Metadata says of one topic, without making it. */
export async function topicOf(broker: Broker, name: string, version = 13) {
  const choice = version >= 4 ? { allowAutoTopicCreation: false } : {}
  const answer = await ask(broker, MetadataRequest, MetadataResponse, version, { topics: [{ name }], ...choice })
  const [topic] = answer.topics
  if (topic === undefined) throw new Error(`Metadata says nothing of ${name}`)
  return topic
}

export async function brokersOf(broker: Broker) {
  return (await ask(broker, MetadataRequest, MetadataResponse, 13, { topics: [] })).brokers
}
