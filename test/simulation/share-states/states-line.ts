/**
 * How the states of share partitions are asked for in a simulation: by requests to the coordinator, as a client finds it; or by a broker, which
 * finds it, and asks again where messages are lost or the coordinator has moved.
 */
import type { SharePersister } from '../../../src/coordination/share-states/persister.ts'
import type { World } from '../../../src/host/simulated/world.ts'
import { limits } from '../../../src/limits.ts'
import { InitializeShareGroupStateRequest } from '../../../src/protocol/generated/api/initialize-share-group-state-request.ts'
import { InitializeShareGroupStateResponse } from '../../../src/protocol/generated/api/initialize-share-group-state-response.ts'
import { ReadShareGroupStateRequest } from '../../../src/protocol/generated/api/read-share-group-state-request.ts'
import { ReadShareGroupStateResponse } from '../../../src/protocol/generated/api/read-share-group-state-response.ts'
import { WriteShareGroupStateRequest } from '../../../src/protocol/generated/api/write-share-group-state-request.ts'
import { WriteShareGroupStateResponse } from '../../../src/protocol/generated/api/write-share-group-state-response.ts'
import type { Client } from '../client.ts'
import type { SimulatedCluster } from '../cluster.ts'

interface Done {
  readonly errorCode: number
}

interface Read extends Done, Omit<Awaited<ReturnType<SharePersister['read']>>, 'errorCode' | 'errorMessage'> {}

/** Each resolves with null when no answer came: it may have been done, may be done later, or never. */
export interface AskedStates {
  initialize(request: Parameters<SharePersister['initialize']>[0]): Promise<Done | null>
  read(...of: Parameters<SharePersister['read']>): Promise<Read | null>
  write(request: Parameters<SharePersister['write']>[0]): Promise<Done | null>
}

export interface StatesLine {
  ask<Answer>(question: (states: AskedStates) => Promise<Answer | null>): Promise<Answer | null>
  /** Whether who was asked was the coordinator all the time. */
  isSure(): boolean
}

/** Longer than a broker asks. */
const patienceMicros = 1000 * (limits.shareStateAskMs + 5000)

/** Null when nobody knows the coordinator. */
export async function lineOfClient(
  cluster: SimulatedCluster,
  client: Client,
  name: string
): Promise<StatesLine | null> {
  const node = await client.shareCoordinatorOf(name)
  if (node === null) return null
  const epoch = cluster.shareCoordinatedEpochOf(name, node)
  return {
    ask: (question) => question(statesOf(client, node)),
    isSure: () => epoch !== null && epoch === cluster.shareCoordinatedEpochOf(name, node)
  }
}

function statesOf(client: Client, node: number): AskedStates {
  return {
    async initialize({ key, ...fields }) {
      const [request, response] = [InitializeShareGroupStateRequest, InitializeShareGroupStateResponse]
      const answer = await client.ask(request, response, 0, asked(key, fields), node)
      return answer?.results[0]?.partitions[0] ?? null
    },
    async read(key, leaderEpoch) {
      const [request, response] = [ReadShareGroupStateRequest, ReadShareGroupStateResponse]
      const answer = await client.ask(request, response, 0, asked(key, { leaderEpoch }), node)
      return answer?.results[0]?.partitions[0] ?? null
    },
    async write({ key, ...fields }) {
      const [request, response] = [WriteShareGroupStateRequest, WriteShareGroupStateResponse]
      const answer = await client.ask(request, response, 1, asked(key, fields), node)
      return answer?.results[0]?.partitions[0] ?? null
    }
  }
}

function asked<Fields>(key: Parameters<SharePersister['read']>[0], fields: Fields) {
  const { groupId, topicId, partition } = key
  return { groupId, topics: [{ topicId, partitions: [{ partition, ...fields }] }] }
}

/** Null while nobody serves. */
export async function lineOfBroker(cluster: SimulatedCluster, world: World): Promise<StatesLine | null> {
  const node = cluster.nodes[world.chance.below(cluster.nodes.length)]
  await node?.process?.awake()
  const broker = node === undefined ? undefined : cluster.running?.brokers.get(node.id)
  if (node === undefined || broker === undefined) {
    await world.pause(100_000, 'nobody serves')
    return null
  }
  const nothing = (): null => null
  return {
    ask: (question) =>
      Promise.race([
        question(broker.shares.persister),
        node.ended.then(nothing),
        world.pause(patienceMicros, 'a broker asks for a state').then(nothing)
      ]),
    // Who has answered it, it does not say.
    isSure: () => false
  }
}
