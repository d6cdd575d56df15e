/**
 * A connection to a Kafka cluster through the client library, at the level of its requests: `call` sends one to a node and
 * returns the answer. The library chooses the version both sides know.
 *
 * Answers of the coordinator or the controller that only ask for patience are asked again until the time is up.
 */
import type * as kafka from '@platformatic/kafka'
import type { Base, Connection } from '@platformatic/kafka'
import { CliError } from './cli-error.ts'
import { enterBy, giveUpLateConnection, handedOver } from './client-library.ts'
import { ExitCode } from './exit-codes.ts'
import type { Address } from './global-options.ts'
import { answerOf, isLibraryNetworkError, kafkaFailure, networkReason } from './kafka-failure.ts'
import type { KnownBrokers } from './known-brokers.ts'
import { coordinatorComes } from './passing-errors.ts'
import { persistently } from './waiting.ts'

/** The requests this command line sends, by Kafka's names, and the library's types for them. */
interface Requests {
  ConsumerGroupHeartbeat: typeof kafka.consumerGroupHeartbeatV1.api
  CreatePartitions: typeof kafka.createPartitionsV3.api
  CreateTopics: typeof kafka.createTopicsV7.api
  DeleteGroups: typeof kafka.deleteGroupsV2.api
  DeleteRecords: typeof kafka.deleteRecordsV2.api
  DeleteTopics: typeof kafka.deleteTopicsV6.api
  DescribeConfigs: typeof kafka.describeConfigsV4.api
  DescribeGroups: typeof kafka.describeGroupsV5.api
  DescribeLogDirs: typeof kafka.describeLogDirsV4.api
  DescribeProducers: typeof kafka.describeProducersV0.api
  DescribeTransactions: typeof kafka.describeTransactionsV0.api
  EndTxn: typeof kafka.endTxnV4.api
  Fetch: typeof kafka.fetchV17.api
  FindCoordinator: typeof kafka.findCoordinatorV6.api
  Heartbeat: typeof kafka.heartbeatV4.api
  IncrementalAlterConfigs: typeof kafka.incrementalAlterConfigsV1.api
  InitProducerId: typeof kafka.initProducerIdV5.api
  JoinGroup: typeof kafka.joinGroupV9.api
  LeaveGroup: typeof kafka.leaveGroupV5.api
  ListGroups: typeof kafka.listGroupsV5.api
  ListOffsets: typeof kafka.listOffsetsV9.api
  Metadata: typeof kafka.metadataV12.api
  OffsetCommit: typeof kafka.offsetCommitV9.api
  OffsetFetch: typeof kafka.offsetFetchV9.api
  Produce: typeof kafka.produceV11.api
  SyncGroup: typeof kafka.syncGroupV5.api
}

export type RequestName = keyof Requests
type Parameters<Api> = Api extends kafka.API<infer Arguments, unknown> ? Arguments : never
type Answer<Api> = Api extends kafka.API<infer _Arguments, infer Response> ? Response : never

export type MetadataResponse = Answer<Requests['Metadata']>
export type TopicMetadata = MetadataResponse['topics'][number]
export type ConsumerGroupHeartbeatResponse = Answer<Requests['ConsumerGroupHeartbeat']>
export type FetchRequestTopics = Parameters<Requests['Fetch']>[6]
export type FetchResponse = Answer<Requests['Fetch']>
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]

export type ProducedPartition = Exclude<
  Answer<Requests['Produce']>,
  boolean
>['responses'][number]['partitionResponses'][number]

/** A node's id, any broker that is known, or the controller. */
export type Destination = number | 'any' | 'controller'

/**
 * LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER and NOT_CONTROLLER, beside a coordinator that loads. Who is told NOT_COORDINATOR asks another
 * broker (`coordinator-moves.ts`).
 */
const passing = new Set([5, 6, ...coordinatorComes, 41])
const pauseMs = 100

interface Connected {
  readonly connection: Connection
  readonly broker: Address
}

export class Cluster {
  readonly library: typeof kafka
  readonly base: Base
  readonly timeoutMs: number
  readonly brokers: KnownBrokers
  #nodes = new Map<number, MetadataResponse['brokers'][number]>()
  #controllerId = -1

  constructor(library: typeof kafka, base: Base, timeoutMs: number, brokers: KnownBrokers) {
    this.library = library
    this.base = base
    this.timeoutMs = timeoutMs
    this.brokers = brokers
    enterBy(library, base, async () => (await this.#connectionToAny()).connection)
  }

  get nodeIds(): number[] {
    return [...this.#nodes.keys()]
  }

  /** Undefined topics: all of them. Topics with errors come back with their error code. */
  async metadata(topics: readonly string[] | undefined, creation: 'create' | 'leave'): Promise<MetadataResponse> {
    const metadata = await this.answer('Metadata', 'any', topics ? [...topics] : null, creation === 'create', false)
    this.#nodes = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]))
    this.#controllerId = metadata.controllerId
    this.brokers.heardOf(metadata.brokers)
    return metadata
  }

  /** Sends a request; an answer that holds an error is thrown. */
  async call<Name extends RequestName>(
    name: Name,
    to: Destination,
    ...request: Parameters<Requests[Name]>
  ): Promise<Answer<Requests[Name]>> {
    return await this.#patiently(() => this.#send(name, to, request))
  }

  /** As `call`, by a request of ours in the place of the library's, or by a certain version of one of its own. */
  async ask<Request extends unknown[], Response>(
    api: kafka.API<Request, Response>,
    to: Destination,
    ...request: Request
  ): Promise<Response> {
    return await this.#patiently(() => this.over(to, (connection) => api.async(connection, ...request)))
  }

  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    const mayPass = (error: unknown) => passing.has(kafkaFailure(error)?.code ?? 0)
    return await persistently({ limitMs: this.timeoutMs, pauseMs }, mayPass, work)
  }

  /** Sends a request and returns the answer also when parts of it are errors. */
  async answer<Name extends RequestName>(
    name: Name,
    to: Destination,
    ...request: Parameters<Requests[Name]>
  ): Promise<Answer<Requests[Name]>> {
    try {
      return await this.#send(name, to, request)
    } catch (error) {
      const answer = answerOf(error)
      if (answer === undefined) throw error
      return answer as Answer<Requests[Name]>
    }
  }

  async #send<Name extends RequestName>(
    name: Name,
    to: Destination,
    request: Parameters<Requests[Name]>
  ): Promise<Answer<Requests[Name]>> {
    return await this.over(to, async (connection) => {
      // Asks for the versions first, of any broker.
      const api = await this.#api<Parameters<Requests[Name]>, Answer<Requests[Name]>>(name)
      return await api.async(connection, ...request)
    })
  }

  /** Asks over a connection to that node, which is given up when no answer comes in time. */
  async over<Result>(to: Destination, ask: (connection: Connection) => Promise<Result>): Promise<Result> {
    const { connection, broker } = await this.#connection(to)
    try {
      const answer = await ask(connection)
      await handedOver(this.library, connection, this.timeoutMs)
      this.brokers.answered(broker)
      return answer
    } catch (error) {
      if (isLibraryNetworkError(error)) this.brokers.missed(broker)
      else this.brokers.answered(broker)
      giveUpLateConnection(this.library, connection, error)
      throw error
    }
  }

  #api<Request extends unknown[], Response>(name: string): Promise<kafka.API<Request, Response>> {
    return new Promise((resolve, reject) => {
      this.base[this.library.kGetApi]<Request, Response>(name, (error, api) => (api ? resolve(api) : reject(error)))
    })
  }

  async #connection(to: Destination): Promise<Connected> {
    const id = to === 'controller' ? this.#controllerId : to
    const node = id === 'any' ? undefined : this.#nodes.get(id)
    if (node === undefined) return await this.#connectionToAny()
    try {
      return await this.#connectionTo(node)
    } catch (error) {
      throw advertisedUnreachable(node, error)
    }
  }

  async #connectionToAny(): Promise<Connected> {
    const errors: Error[] = []
    for (const broker of this.brokers.inOrder) {
      try {
        return await this.#connectionTo(broker)
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const [only, ...others] = errors
    throw only !== undefined && others.length === 0
      ? only
      : new this.library.MultipleErrors('no broker answers', errors)
  }

  async #connectionTo(broker: Address): Promise<Connected> {
    try {
      return { connection: await this.base.connections.get(broker), broker }
    } catch (error) {
      this.brokers.missed(broker)
      throw error
    }
  }

  async coordinator(group: string): Promise<number> {
    return await this.#coordinatorOf('GROUP', group)
  }

  async transactionCoordinator(transactionalId: string): Promise<number> {
    return await this.#coordinatorOf('TRANSACTION', transactionalId)
  }

  async #coordinatorOf(kind: 'GROUP' | 'TRANSACTION', key: string): Promise<number> {
    const { coordinators } = await this.call('FindCoordinator', 'any', this.library.FindCoordinatorKeyTypes[kind], [
      key
    ])
    const [found] = coordinators
    if (!found) throw new CliError({ what: `no broker coordinates the ${kind.toLowerCase()} ${key}` })
    return found.nodeId
  }

  /** What a broker has not taken by now was given up: one that hangs would never take it. */
  async close(): Promise<void> {
    for (const [, { socket }] of this.base.connections) if (socket.writableLength > 0) socket.destroy()
    await this.base.close()
  }
}

function advertisedUnreachable(node: { nodeId: number; host: string; port: number }, cause: unknown): CliError {
  return new CliError({
    what: `broker ${node.nodeId} cannot be reached at ${node.host}:${node.port}, the address it advertises`,
    why: networkReason(cause) ?? (cause instanceof Error ? cause.message : String(cause)),
    next: `let that broker advertise an address that works from here: odradek serve --advertise HOST:${node.port}`,
    exitCode: ExitCode.unreachable,
    cause
  })
}
