/** Starts a broker with its server: port first, so that a port in use leaves the data alone; then the data; then answers. */
import type { Broker } from '../broker/broker.ts'
import { DataDirectory } from '../broker/data-directory.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { Controller } from '../controller/controller.ts'
import { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { NewTopic } from '../coordination/metadata/create-topics.ts'
import type { Host } from '../host/host.ts'
import type { Durability } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { rememberAddress } from './remembered-address.ts'
import { Server } from './server.ts'
import { StartError, startErrorOf } from './start-error.ts'

export interface StartOptions extends BrokerStart {
  readonly listenHost: string
  readonly port: number
}

/** What a broker is started with, wherever it listens. */
export interface BrokerStart {
  readonly host: Host
  readonly advertised: { readonly host: string; readonly port: number } | null
  readonly durability: Durability
  readonly config: Readonly<Record<string, string>>
  readonly topics: readonly NewTopic[]
  readonly log: (line: string) => void
  /** The broker has stopped itself, and this is why; the server still holds the port. */
  readonly onBroken?: (reason: Error) => void
}

export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

/** Rejects with StartError; nothing is left running or locked then. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { host, listenHost, port, log } = options
  refuseWrongConfig(options)
  const server = await Server.listen({ network: host.network, clock: host.clock, host: listenHost, port, log }).catch(
    (error: unknown) => {
      throw startErrorOf(error)
    }
  )
  try {
    return await startBehind(server, options, DataDirectory.take(host.disk))
  } catch (error) {
    await server.stop()
    throw startErrorOf(error)
  }
}

/** A wrong setting is told before a port or a directory is touched. */
export function refuseWrongConfig({ config }: Pick<BrokerStart, 'config'>): void {
  try {
    BrokerConfig.parse(config)
  } catch (error) {
    throw startErrorOf(error)
  }
}

/**
 * The same behind a port and in a directory that were taken before: connections that come early wait. Whatever fails, the
 * port is closed and the directory free.
 */
export async function startBehind(server: Server, options: BrokerStart, unlock: () => void): Promise<RunningServer> {
  try {
    const { host, durability, config, advertised, log, onBroken } = options
    const onAccepted = (): void => rememberAddress(host.disk, server.address)
    const { broker, controller } = await Cluster.start({
      brokers: [{ host, nodeId: null, rack: null, endpoint: null, advertised, unlock }],
      durability,
      config,
      log,
      onAccepted,
      ...(onBroken && { onBroken: (_, reason) => onBroken(reason) })
    })
    await createTopics(controller, options.topics).catch(async (error: unknown) => {
      // What failed first is what is told.
      await broker.stop().catch(() => {})
      throw error
    })
    server.serve(broker)
    return { port: server.port, stop: once(() => stop(server, broker)) }
  } catch (error) {
    unlock()
    await server.stop()
    throw startErrorOf(error)
  }
}

/** No more requests are taken; those that wait for something are let go; then the logs are closed. */
async function stop(server: Server, broker: Broker): Promise<void> {
  const answered = server.stop()
  broker.release()
  await answered
  await broker.stop()
}

/** Those that are there already stay as they are. Throws StartError for one that cannot be made. */
export async function createTopics(controller: Controller, topics: readonly NewTopic[]): Promise<void> {
  const results = await controller.createTopics(topics)
  results.forEach((result, index) => {
    if (!('message' in result) || result.error === ErrorCode.TOPIC_ALREADY_EXISTS) return
    throw new StartError('bad-option', `The topic ${topics[index]?.name} was not made. ${result.message}`)
  })
}

export function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= work()
    return running
  }
}
