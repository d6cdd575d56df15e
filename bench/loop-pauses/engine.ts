/** A broker without sockets, on a real disk: what a request costs its loop, and nothing of what a client costs. */
import type { Broker } from '../../src/broker/broker.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { nodeChance } from '../../src/host/node/chance.ts'
import { nodeClock } from '../../src/host/node/clock.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'

const network = { listen: () => Promise.reject(new Error('this broker has no sockets')) }

/** Housekeeping comes round while it is measured. */
const config = { 'log.retention.check.interval.ms': '1000', 'log.flush.offset.checkpoint.interval.ms': '1000' }

export class Engine {
  readonly #cluster: Cluster
  #sessions = 0

  static async start(directory: string): Promise<Engine> {
    const host = { disk: new NodeDisk(directory), clock: nodeClock, chance: nodeChance, network }
    const broker = { host, nodeId: null, rack: null, endpoint: null, advertised: null }
    const log = (line: string): void => void process.stderr.write(`${line}\n`)
    return new Engine(await Cluster.start({ brokers: [broker], durability: 'disk', config, log }))
  }

  private constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get broker(): Broker {
    return this.#cluster.broker
  }

  /** The bytes of a request, made before anything is measured; each is a client's of its own. */
  prepared<Request>(request: Message<Request>, version: number, body: Request): () => Promise<readonly Buffer[]> {
    const frame = Buffer.concat(encodeRequest(7, 'client', request, version, body)).subarray(4)
    this.#sessions += 1
    const session = { id: this.#sessions, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } }
    return async () => {
      const answer = await this.broker.answer(session, frame)
      if (answer.kind !== 'answer') throw new Error(`${request.name}: ${answer.kind}`)
      return answer.chunks
    }
  }

  async ask<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request
  ): Promise<Decoded<Response>> {
    const chunks = await this.prepared(request, version, body)()
    return decodeResponse(new Reader(Buffer.concat(chunks), 4), 7, response, version)
  }

  stop(): Promise<void> {
    return this.#cluster.stop()
  }
}
