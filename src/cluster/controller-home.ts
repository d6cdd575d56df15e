/** The controller with the storage that has the metadata log: the one broker's, or its own. */
import { Housekeeping } from '../broker/housekeeping.ts'
import { assertKnowsTopics } from '../broker/lost-metadata.ts'
import { metadataDirectory } from '../broker/metadata-directory.ts'
import type { MetadataLog } from '../broker/metadata-log.ts'
import { noSnapshot, ReplicaStateLog } from '../broker/replica-log.ts'
import type { Storage } from '../broker/storage.ts'
import { Controller } from '../controller/controller.ts'
import { LeaderCare } from '../controller/leader-care.ts'
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import { UnsupportedMetadata } from '../coordination/metadata/support.ts'
import type { Clock } from '../host/clock.ts'
import { DiskError, mayPass } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { InvariantError, wholeStory } from '../invariant.ts'
import { DamageError } from '../log/damage.ts'
import { isUnreadable } from '../protocol/records/reader.ts'

/** Who hears of what the controller meets where nobody waits. */
interface ToldByController {
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
  /** What the cluster knows can be trusted no more, for a mistake of ours; or there is no place for it, and the directory is gone. */
  readonly onBroken: (reason: InvariantError | DiskError) => void
}

export class ControllerHome {
  readonly controller: Controller
  readonly #storage: Storage
  readonly #log: MetadataLog
  /** Where there is one broker nobody else could lead. */
  readonly #leaderCare: LeaderCare
  /** Of a storage of its own; the one broker looks after its own storage. */
  readonly #housekeeping: Housekeeping | null

  #isBroken = false

  /** Throws DiskError when the metadata is damaged, or speaks of more than this process can serve. Nothing is changed. */
  constructor(storage: Storage, brokers: readonly Storage[], config: BrokerConfig, told: ToldByController) {
    const { log } = told
    this.#storage = storage
    const { host } = storage
    try {
      this.#log = storage.replicas.openMetadata()
      const { replica, snapshot } = this.#log
      this.controller = new Controller({
        log: new ReplicaStateLog(replica, snapshot),
        clock: host.clock,
        chance: host.chance,
        nodeId: storage.nodeId,
        nodes: brokers.map(({ nodeId, directory: { directoryId } }) => ({ nodeId, directoryId })),
        brokerDefaults: storage.config.own(),
        freeing: (work) => storage.freeing(work),
        quorum: () => ({
          leaderEpoch: replica.leaderEpoch,
          logEndOffset: replica.log.logEndOffset,
          highWatermark: replica.highWatermark
        })
      })
      const { image } = this.controller
      const disks = brokers.map(({ directory }) => directory.disk)
      assertKnowsTopics({ image, hasSnapshot: snapshot !== noSnapshot, disk: host.disk }, disks)
    } catch (error) {
      throw explained(error, host)
    }
    this.#leaderCare = new LeaderCare(this.controller.brokers, host.clock, config)
    const isOwn = !brokers.includes(storage)
    const { image } = this.controller
    // The one broker hears of its own.
    if (isOwn) storage.onMistake = (error) => this.#failed(error, told)
    this.#housekeeping = isOwn
      ? new Housekeeping({
          ...{ clock: host.clock, config, storage, image: () => image, log },
          onGone: (reason) => this.#end(reason, told)
        })
      : null
  }

  get clusterId(): string {
    return this.#storage.directory.clusterId
  }

  get clock(): Clock {
    return this.#storage.host.clock
  }

  /** The controller begins to write. Resolves when what it began with is safe. */
  async begin(): Promise<void> {
    this.#log.beginToLead()
    await this.controller.begin()
    if (this.#housekeeping === null) return
    this.#storage.begin()
    this.#housekeeping.start()
    this.#leaderCare.start()
  }

  /** A broker is gone. Resolves when others lead what it led; where the disk has no room for that, which rejects, it is tried again. */
  async fence(nodeId: number): Promise<void> {
    try {
      await this.controller.brokers.fence(nodeId)
    } catch (error) {
      if (error instanceof DiskError && mayPass(error)) this.#leaderCare.fenceLater(nodeId)
      throw error
    }
  }

  /** The brokers are there: from here on the metadata's snapshots are written as they come due. */
  beginSnapshots(): void {
    const { controller } = this
    const { snapshots } = this.#log
    snapshots.begin({ image: controller.image, settled: () => controller.settled() })
    controller.onTold = () => snapshots.consider()
  }

  /** The start has failed: what it began is ended, and its storage is the caller's to let go. */
  abandon(): void {
    this.#housekeeping?.stop()
    this.#leaderCare.stop()
  }

  /** A mistake of ours came to light where nobody waits. What a decision meets is told, and nothing is changed by it. */
  #failed(error: unknown, { log, onBroken }: ToldByController): void {
    if (this.#isBroken) return
    log(`The controller met a mistake of the broker, please report it: ${wholeStory(error)}`)
    if (error instanceof InvariantError && error.stops !== 'nothing else') this.#end(error, { onBroken })
  }

  #end(reason: InvariantError | DiskError, { onBroken }: Pick<ToldByController, 'onBroken'>): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.abandon()
    this.#storage.abandon()
    onBroken(reason)
  }

  /** Every broker has stopped. */
  async close(): Promise<void> {
    if (this.#housekeeping === null || this.#isBroken) return
    this.abandon()
    await this.#storage.close(undefined)
  }
}

function explained(error: unknown, host: Host): unknown {
  if (!(error instanceof UnsupportedMetadata)) return damagedMetadata(error, host)
  const what = `The directory ${host.disk.location} cannot be served by Odradek (${error.message}).`
  const message = `${what} Nothing was changed: serve it with the Apache Kafka that wrote it.`
  return new DiskError('unsupported', '', message, error)
}

/** A snapshot that is whole and holds no metadata is of something else. */
function damagedMetadata(error: unknown, { disk }: Host): unknown {
  if (!isUnreadable(error)) return error
  const what = `It holds something else than metadata: ${error.message}`
  const advice = 'Nothing was changed. Restore the directory from a backup.'
  return new DamageError(disk, { path: metadataDirectory, position: null, what, advice })
}
