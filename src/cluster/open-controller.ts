/** Opens the controller on the storage that has the metadata log. */
import { metadataDirectory } from '../broker/metadata-directory.ts'
import type { MetadataLog } from '../broker/metadata-log.ts'
import { ReplicaStateLog } from '../broker/replica-log.ts'
import type { Storage } from '../broker/storage.ts'
import { Controller } from '../controller/controller.ts'
import { UnsupportedMetadata } from '../coordination/metadata/support.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { DamageError } from '../log/damage.ts'
import { isUnreadable } from '../protocol/records/reader.ts'

/** Throws DiskError when the metadata is damaged, or speaks of more than this process can serve. Nothing is changed. */
export function openController(storage: Storage): {
  readonly controller: Controller
  readonly metadataLog: MetadataLog
} {
  const { host, config, directory } = storage
  const { nodeId, directoryId } = directory
  try {
    const metadataLog = storage.replicas.openMetadata()
    const { replica, snapshot } = metadataLog
    const controller = new Controller({
      log: new ReplicaStateLog(replica, snapshot),
      clock: host.clock,
      chance: host.chance,
      nodeId,
      directoryId,
      brokerDefaults: config.own(),
      freeing: (work) => storage.freeing(work),
      quorum: () => ({
        leaderEpoch: replica.leaderEpoch,
        logEndOffset: replica.log.logEndOffset,
        highWatermark: replica.highWatermark
      })
    })
    return { controller, metadataLog }
  } catch (error) {
    throw explained(error, host)
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
