/**
 * A connection to a Kafka cluster through the client library, at the level of its requests: `call` sends one to a node and
 * returns the answer. The library chooses the version both sides know.
 *
 * Answers of the coordinator or the controller that only ask for patience are asked again until the time is up.
 */
import type * as kafka from '@platformatic/kafka'
import type { Base, Connection } from '@platformatic/kafka'
import { CliError } from './cli-error.ts'
import { giveUpLateConnection, handedOver } from './client-library.ts'
import { ExitCode } from './exit-codes.ts'
import { answerOf, kafkaFailure, networkReason } from './kafka-failure.ts'
import { coordinatorMoves } from './passing-errors.ts'
import { persistently } from './waiting.ts'

/** The requests this command line sends, by Kafka's names, and the library's types for them. */
interface Requests {
  CreatePartitions: typeof kafka.createPartitionsV3.api
  CreateTopics: typeof kafka.createTopicsV7.api
  DeleteGroups: typeof kafka.deleteGroupsV2.api
  DeleteRecords: typeof kafka.deleteRecordsV2.api
  DeleteTopics: typeof kafka.deleteTopicsV6.api
  DescribeConfigs: typeof kafka.describeConfigsV4.api
  DescribeGroups: typeof kafka.describeGroupsV5.api
  DescribeLogDirs: typeof kafka.describeLogDirsV4.api
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
export type FetchRequestTopics = Parameters<Requests['Fetch']>[6]
export type FetchResponse = Answer<Requests['Fetch']>
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]

export type ProducedPartition = Exclude<
  Answer<Requests['Produce']>,
  boolean
>['responses'][number]['partitionResponses'][number]

/** A node's id, any bootstrap broker, or the controller. */
export type Destination = number | 'any' | 'controller'

/** LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER and NOT_CONTROLLER, beside a coordinator that loads or moves. */
const passing = new Set([5, 6, ...coordinatorMoves, 41])
const pauseMs = 100

export class Cluster {
  readonly library: typeof kafka
  readonly base: Base
  readonly timeoutMs: number
  #nodes = new Map<number, MetadataResponse['brokers'][number]>()
  #controllerId = -1

  constructor(library: typeof kafka, base: Base, timeoutMs: number) {
    this.library = library
    this.base = base
    this.timeoutMs = timeoutMs
  }

  get nodeIds(): number[] {
    return [...this.#nodes.keys()]
  }

  /** Undefined topics: all of them. Topics with errors come back with their error code. */
  async metadata(topics: readonly string[] | undefined, creation: 'create' | 'leave'): Promise<MetadataResponse> {
    const metadata = await this.answer('Metadata', 'any', topics ? [...topics] : null, creation === 'create', false)
    this.#nodes = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]))
    this.#controllerId = metadata.controllerId
    return metadata
  }

  /** Sends a request; an answer that holds an error is thrown. */
  async call<Name extends RequestName>(
    name: Name,
    to: Destination,
    ...request: Parameters<Requests[Name]>
  ): Promise<Answer<Requests[Name]>> {
    const mayPass = (error: unknown) => passing.has(kafkaFailure(error)?.code ?? 0)
    return await persistently({ limitMs: this.timeoutMs, pauseMs }, mayPass, () => this.#send(name, to, request))
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
      // Asks for the versions first, over a bootstrap connection: until they are known no node is, so over this one.
      const api = await this.#api<Parameters<Requests[Name]>, Answer<Requests[Name]>>(name)
      return await api.async(connection, ...request)
    })
  }

  /** Asks over a connection to that node, which is given up when no answer comes in time. */
  async over<Result>(to: Destination, ask: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await this.#connection(to)
    try {
      const answer = await ask(connection)
      await handedOver(this.library, connection, this.timeoutMs)
      return answer
    } catch (error) {
      giveUpLateConnection(this.library, connection, error)
      throw error
    }
  }

  #api<Request extends unknown[], Response>(name: string): Promise<kafka.API<Request, Response>> {
    return new Promise((resolve, reject) => {
      this.base[this.library.kGetApi]<Request, Response>(name, (error, api) => (api ? resolve(api) : reject(error)))
    })
  }

  async #connection(to: Destination): Promise<Connection> {
    const id = to === 'controller' ? this.#controllerId : to
    const node = id === 'any' ? undefined : this.#nodes.get(id)
    if (node === undefined) return await this.#bootstrapConnection()
    try {
      return await this.base.connections.get(node)
    } catch (error) {
      throw advertisedUnreachable(node, error)
    }
  }

  #bootstrapConnection(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.base[this.library.kGetBootstrapConnection]((error, connection) =>
        connection ? resolve(connection) : reject(error)
      )
    })
  }

  async coordinator(group: string): Promise<number> {
    const { coordinators } = await this.call('FindCoordinator', 'any', this.library.FindCoordinatorKeyTypes.GROUP, [
      group
    ])
    const [found] = coordinators
    if (!found) throw new CliError({ what: `no broker coordinates the group ${group}` })
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
