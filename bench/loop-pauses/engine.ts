/** A broker and its server without sockets, on a real disk: what a request costs its loop, and nothing of what a client costs. */
import { Cluster } from '../../src/cluster/cluster.ts'
import { nodeChance } from '../../src/host/node/chance.ts'
import { nodeClock } from '../../src/host/node/clock.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { Server } from '../../src/server/server.ts'
import { InProcessNetwork, type InProcessPeer } from './in-process-network.ts'

/** Housekeeping comes round while it is measured, and so does the cleaner. */
const config = {
  'log.retention.check.interval.ms': '1000',
  'log.flush.offset.checkpoint.interval.ms': '1000',
  'log.cleaner.backoff.ms': '1000'
}

export class Engine {
  readonly #cluster: Cluster
  readonly #server: Server
  readonly #network: InProcessNetwork

  static async start(directory: string, more: Readonly<Record<string, string>> = {}): Promise<Engine> {
    const network = new InProcessNetwork()
    const host = { disk: new NodeDisk(directory), clock: nodeClock, chance: nodeChance, network }
    const broker = { host, nodeId: null, rack: null, endpoint: null, advertised: null }
    const log = (line: string): void => void process.stderr.write(`${line}\n`)
    const server = await Server.listen({ network, clock: nodeClock, host: 'localhost', port: 9092, log })
    const cluster = await Cluster.start({ brokers: [broker], durability: 'disk', config: { ...config, ...more }, log })
    server.serve(cluster.broker)
    return new Engine(cluster, server, network)
  }

  private constructor(cluster: Cluster, server: Server, network: InProcessNetwork) {
    this.#cluster = cluster
    this.#server = server
    this.#network = network
  }

  /** The bytes of a request, made before anything is measured; each is a client's of its own. */
  prepared<Request>(request: Message<Request>, version: number, body: Request): () => Promise<Buffer> {
    const bytes = encoded(request, version, body)
    const peer = this.#network.connect()
    return () => peer.ask(bytes)
  }

  async ask<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request
  ): Promise<Decoded<Response>> {
    return await this.connect().ask(request, response, version, body)
  }

  /** A client that sends one request after the other. */
  connect(): EngineClient {
    return new EngineClient(this.#network.connect())
  }

  async stop(): Promise<void> {
    void this.#server.kill()
    await this.#cluster.stop()
  }
}

export class EngineClient {
  readonly #peer: InProcessPeer

  constructor(peer: InProcessPeer) {
    this.#peer = peer
  }

  async ask<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request
  ): Promise<Decoded<Response>> {
    const bytes = encoded(request, version, body)
    return decodeResponse(new Reader(await this.#peer.ask(bytes)), 7, response, version)
  }
}

function encoded<Request>(request: Message<Request>, version: number, body: Request): Buffer {
  return Buffer.concat(encodeRequest(7, 'client', request, version, body))
}
