/** A whole broker in memory, and questions to it in any version, through the bytes of the protocol. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { BrokerAnswer } from '../../../src/broker/answer.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { Cluster, type ClusterOptions } from '../../../src/cluster/cluster.ts'
import type { Chance } from '../../../src/host/chance.ts'
import type { Disk } from '../../../src/host/disk.ts'
import type { Host } from '../../../src/host/host.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import type { Network } from '../../../src/host/network.ts'
import type { Durability } from '../../../src/log/types.ts'
import { decodeResponse, encodeRequest } from '../../../src/protocol/frame.ts'
import type { Decoded, Message } from '../../../src/protocol/message.ts'
import { Reader } from '../../../src/protocol/primitives.ts'

export const session = { id: 1, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } }
export const network: Network = { listen: () => Promise.reject(new Error('this broker has no sockets')) }

interface AloneOptions extends Omit<ClusterOptions, 'brokers'> {
  readonly host: Host
  readonly advertised: { readonly host: string; readonly port: number } | null
}

/** The broker of a cluster of one. */
export async function startAlone({ host, advertised, ...options }: AloneOptions): Promise<Broker> {
  const alone = { host, advertised, nodeId: null, rack: null, endpoint: null }
  return (await Cluster.start({ ...options, brokers: [alone] })).broker
}

export function startBroker(
  config: Readonly<Record<string, string>> = {},
  disk: Disk = new MemoryDisk(),
  options: { readonly durability?: Durability; readonly log?: (line: string) => void; readonly chance?: Chance } = {}
): Promise<Broker> {
  const { chance = new SeededChance(1), ...rest } = options
  const host = { disk, clock: new ManualClock(), network, chance }
  return startAlone({ host, durability: 'disk', config, advertised: null, log: () => {}, ...rest })
}

export async function ask<Request, Response>(
  broker: Broker,
  request: Message<Request>,
  response: Message<Response>,
  version: number,
  body: Request
): Promise<Decoded<Response>> {
  const frame = Buffer.concat(encodeRequest(7, 'client', request, version, body)).subarray(4)
  const answer = await broker.answer(session, frame)
  assert.ok(answer.kind === 'answer', `${request.name} ${version}: ${answer.kind === 'close' ? answer.reason : 'none'}`)
  return decodeResponse(new Reader(Buffer.concat(answer.chunks), 4), 7, response, version)
}

const patienceMs = 10 * 60_000

/** The answer, which may need time to pass. */
export async function settled(
  clock: ManualClock,
  pending: BrokerAnswer | Promise<BrokerAnswer>
): Promise<BrokerAnswer> {
  let answer: BrokerAnswer | null = null
  void Promise.resolve(pending).then((due) => {
    answer = due
  })
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += 1000) {
    await setImmediate()
    if (answer !== null) return answer
    clock.advance(1000)
  }
  return assert.fail('no answer came')
}
