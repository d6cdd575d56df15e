/**
 * A controller and its brokers in this process. One broker is the case of one: its directory has the metadata log as well, as that of
 * Kafka's combined node has.
 */
import { Broker } from '../broker/broker.ts'
import { Storage } from '../broker/storage.ts'
import type { Controller } from '../controller/controller.ts'
import { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { Host } from '../host/host.ts'
import type { Durability } from '../log/types.ts'
import { openController } from './open-controller.ts'

export interface ClusterOptions {
  readonly host: Host
  readonly durability: Durability
  /** Kafka's broker configuration names and values; what is not named has its default. */
  readonly config: Readonly<Record<string, string>>
  /** Where clients are told to come back to; null: where they came in. */
  readonly advertised: { readonly host: string; readonly port: number } | null
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
  /** Gives the directory free, which was taken before (`DataDirectory.take`); without it the broker takes it. */
  readonly unlock?: () => void
  /** The directory can be served, and recovery, which may take long, comes next. Nothing in it has been changed so far. */
  readonly onAccepted?: () => void
}

export class Cluster {
  readonly controller: Controller
  readonly broker: Broker

  /**
   * Opens the directory, replays what the cluster knows, and opens every log.
   * Rejects with ConfigError for a wrong setting, DiskError when the directory cannot be used or is damaged; nothing is left open then.
   */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { host, durability, log, advertised, unlock } = options
    const config = BrokerConfig.parse(options.config)
    const storage = Storage.open({ host, durability, config, log, ...(unlock && { unlock }) })
    try {
      const { controller, metadataLog } = openController(storage)
      // Up to here nothing that another broker left has been changed.
      options.onAccepted?.()
      await storage.accept()
      metadataLog.beginToLead()
      await controller.begin()
      const broker = await Broker.start({ storage, controller, advertised, log })
      broker.serve()
      return new Cluster(controller, broker)
    } catch (error) {
      storage.abandon()
      throw error
    }
  }

  private constructor(controller: Controller, broker: Broker) {
    this.controller = controller
    this.broker = broker
  }

  /** Waits for the requests in flight, and closes every log cleanly. The directory is free afterwards, whatever happens. */
  stop(): Promise<void> {
    return this.broker.stop()
  }
}
