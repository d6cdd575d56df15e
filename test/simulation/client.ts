/**
 * A Kafka client of a simulation: a connection to each broker that it asks, made again when it breaks. It knows who leads from
 * Metadata, and looks again when it was told wrong, as clients do.
 */
import type { Dialer } from '../../src/host/network.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import { FindCoordinatorRequest } from '../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../src/protocol/generated/api/find-coordinator-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { Connection } from './connection.ts'
import { portOf } from './node.ts'

const connectAgainMicros = 50_000
/** Kinds of keys that coordinators look after. */
const [groups, transactions, shares] = [0, 1, 2]

export interface Leader {
  readonly node: number
  readonly epoch: number
}

export class Client {
  readonly #world: World
  readonly #dialer: Dialer
  readonly #name: string
  readonly #brokers: number
  readonly #connections = new Map<number, Connection>()
  readonly #leaders = new Map<string, Leader>()
  /** The latest epoch that was told of each partition: a broker that tells of an earlier one is behind (KIP-320). */
  readonly #epochs = new Map<string, number>()
  readonly #coordinators = new Map<string, number>()
  /** Who is asked what anybody can answer. */
  #anyone = 1
  #correlationId = 0

  constructor(world: World, dialer: Dialer, name: string, brokers: number) {
    this.#world = world
    this.#dialer = dialer
    this.#name = name
    this.#brokers = brokers
  }

  /** Who is asked what anybody can answer. */
  get anyone(): number {
    return this.#anyone
  }

  /** Null when no answer came: what was asked for may have been done, may be done later, or never. */
  async ask<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request,
    node = this.#anyone
  ): Promise<Decoded<Response> | null> {
    const connection = await this.#connectionTo(node)
    this.#correlationId += 1
    const correlationId = this.#correlationId
    const frame = encodeRequest(correlationId, this.#name, request, version, body)
    const bytes = (await connection?.ask(correlationId, frame)) ?? null
    return bytes === null ? null : decodeResponse(new Reader(bytes), correlationId, response, version)
  }

  /** Sends what gets no answer (Produce with acks=0). */
  async tell<Request>(request: Message<Request>, version: number, body: Request, node: number): Promise<void> {
    const connection = await this.#connectionTo(node)
    this.#correlationId += 1
    connection?.tell(encodeRequest(this.#correlationId, this.#name, request, version, body))
  }

  /** Who leads the partition, as far as anybody told; null when nobody knows. */
  async leaderOf(topicId: string, partition: number): Promise<Leader | null> {
    const known = this.#leaders.get(`${topicId}-${partition}`)
    if (known !== undefined) return known
    const answer = await this.ask(MetadataRequest, MetadataResponse, 12, { topics: [{ topicId, name: null }] })
    const told = answer?.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
    const leader = { node: told?.leaderId ?? -1, epoch: told?.leaderEpoch ?? -1 }
    const isBehind = leader.epoch < (this.#epochs.get(`${topicId}-${partition}`) ?? -1)
    if (leader.node < 0 || isBehind) {
      this.askAnother()
      return null
    }
    this.#epochs.set(`${topicId}-${partition}`, leader.epoch)
    this.#leaders.set(`${topicId}-${partition}`, leader)
    return leader
  }

  /** It does not lead, or does not answer. */
  forgetLeader(topicId: string, partition: number): void {
    this.#leaders.delete(`${topicId}-${partition}`)
  }

  /** Who looks after the group; null when nobody knows. */
  coordinatorOf(group: string): Promise<number | null> {
    return this.#coordinatorOf(groups, group)
  }

  forgetCoordinator(group: string): void {
    this.#coordinators.delete(`${groups} ${group}`)
  }

  /** Who looks after the transactional id; null when nobody knows. */
  transactionCoordinatorOf(transactionalId: string): Promise<number | null> {
    return this.#coordinatorOf(transactions, transactionalId)
  }

  forgetTransactionCoordinator(transactionalId: string): void {
    this.#coordinators.delete(`${transactions} ${transactionalId}`)
  }

  /** Who looks after the share partition; null when nobody knows. */
  shareCoordinatorOf(name: string): Promise<number | null> {
    return this.#coordinatorOf(shares, name)
  }

  forgetShareCoordinator(name: string): void {
    this.#coordinators.delete(`${shares} ${name}`)
  }

  async #coordinatorOf(keyType: number, key: string): Promise<number | null> {
    const known = this.#coordinators.get(`${keyType} ${key}`)
    if (known !== undefined) return known
    const body = { keyType, coordinatorKeys: [key] }
    const version = keyType === shares ? 6 : 4
    const answer = await this.ask(FindCoordinatorRequest, FindCoordinatorResponse, version, body)
    const [told] = answer?.coordinators ?? []
    if (told === undefined || told.errorCode !== ErrorCode.NONE) {
      this.askAnother()
      return null
    }
    this.#coordinators.set(`${keyType} ${key}`, told.nodeId)
    return told.nodeId
  }

  async #connectionTo(node: number): Promise<Connection | null> {
    const known = this.#connections.get(node)
    if (known?.isOpen) return known
    try {
      const link = await this.#dialer.connect('127.0.0.1', portOf(node), 0)
      const connection = new Connection(this.#world, link, this.#name, () => this.#lookElsewhere(node))
      this.#connections.set(node, connection)
      return connection
    } catch {
      this.#lookElsewhere(node)
      await this.#world.pause(connectAgainMicros, `${this.#name} has no connection to ${node}`)
      return null
    }
  }

  /** What is known of it may be out of date. */
  #lookElsewhere(node: number): void {
    for (const [key, leader] of this.#leaders) if (leader.node === node) this.#leaders.delete(key)
    for (const [key, coordinator] of this.#coordinators) if (coordinator === node) this.#coordinators.delete(key)
    if (node === this.#anyone) this.askAnother()
  }

  /** Whoever is asked what anybody can answer is another, perhaps. */
  askAnother(): void {
    this.#anyone = this.#world.between(1, this.#brokers)
  }
}
