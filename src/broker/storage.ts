/**
 * What one node has on its disk: the data directory and the logs in it. It is opened before anybody knows what belongs there, and
 * closed last. Where the controller has a directory of its own, that is a storage too, with the metadata log alone.
 */
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { attempt } from '../host/disk.ts'
import { GuardedClock } from '../host/guarded-clock.ts'
import type { Host } from '../host/host.ts'
import type { Durability } from '../log/types.ts'
import { DataDirectory, type WantedNode } from './data-directory.ts'
import { Replicas } from './replicas.ts'

export interface StorageOptions {
  readonly host: Host
  readonly durability: Durability
  /** Who a new directory will belong to, and an old one has to; null where the directory may say it, or chance. */
  readonly identity: { readonly nodeId: number | null; readonly clusterId: string | null }
  /** As it was asked for: what the directory decides is not in it yet. */
  readonly config: BrokerConfig
  /** Gives the directory free, which was taken before (`DataDirectory.take`); without it the storage takes it. */
  readonly unlock?: () => void
  /** Gets a line when a partition cannot be served. */
  readonly log: (line: string) => void
}

export class Storage {
  /** Of whoever has this storage: what comes to light in a timer of it comes to `onMistake`. */
  readonly host: Host
  /** Hears of mistakes of ours that come to light where nobody waits for them. */
  onMistake: (error: unknown) => void = (error) => {
    throw error
  }
  readonly config: BrokerConfig
  readonly directory: DataDirectory
  readonly replicas: Replicas
  #tellAbandoned: () => void = () => {}
  readonly #abandoned = new Promise<void>((resolve) => {
    this.#tellAbandoned = resolve
  })

  /** Takes the directory and reads who it belongs to. Throws DiskError, and ConfigError when another node is asked for. */
  static open(options: StorageOptions): Storage {
    const { host, config: asked, identity } = options
    const unlock = options.unlock ?? DataDirectory.take(host.disk)
    const directory = DataDirectory.open(host, wantedNode(asked, identity), unlock)
    try {
      directory.reserve.giveUpIfShort()
      return new Storage(options, directory)
    } catch (error) {
      directory.release()
      throw error
    }
  }

  private constructor({ host, durability, config, log }: StorageOptions, directory: DataDirectory) {
    const { nodeId } = directory
    this.host = guarded(host, (error) => this.onMistake(error))
    this.directory = directory
    this.config = config.in({ nodeId, path: host.disk.location })
    this.replicas = new Replicas({ host: this.host, nodeId, durability, config: this.config, directory, log })
  }

  get nodeId(): number {
    return this.directory.nodeId
  }

  /** All that is here can be served: from now on it is changed. Resolves when a power cut leaves it a directory in use. */
  async accept(): Promise<void> {
    this.directory.keepIdentity()
    await this.directory.forgetCleanStop()
  }

  /** The logs are open and recovered. Before clients take the room. */
  begin(): void {
    const { directory, replicas } = this
    if (!directory.wasStoppedCleanly && !directory.isNew) replicas.saving.allIfRoom()
    directory.reserve.keep()
  }

  /** Does what makes room, which must be possible on a full disk. */
  freeing<Result>(work: () => Result): Result {
    return this.directory.reserve.spend(work)
  }

  /** Lets go of every file and of the directory: the start has failed. */
  abandon(): void {
    this.#tellAbandoned()
    this.replicas.abandon()
    this.directory.release()
  }

  /**
   * Closes every log cleanly, and leaves the mark of a clean stop with the epoch under which the broker was registered. The directory is
   * free afterwards, whatever happens. Of what was let go of nothing is waited for: a cluster may stop while one of its brokers is about to
   * fail to start (seed 460).
   */
  async close(brokerEpoch: number | undefined): Promise<void> {
    const { reserve } = this.directory
    try {
      attempt(() => reserve.giveUpIfShort())
      await Promise.race([this.#abandoned, this.replicas.close(brokerEpoch)])
    } finally {
      reserve.keep()
      this.directory.release()
    }
  }
}

function guarded({ disk, clock, network, chance }: Host, onMistake: (error: unknown) => void): Host {
  return { disk, clock: new GuardedClock(clock, onMistake), network, chance }
}

function wantedNode(config: BrokerConfig, { nodeId, clusterId }: StorageOptions['identity']): WantedNode {
  return { nodeId: nodeId ?? config.nodeId, nodeIdAsked: nodeId ?? config.nodeIdAsked, clusterIdAsked: clusterId }
}
