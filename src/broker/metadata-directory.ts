/**
 * What lies beside the segments in `__cluster_metadata-0` when a real Kafka had the directory: a snapshot that stands for the
 * records before its offset, and the state of the quorum, which knows the latest epoch of a leader.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import { DamagedSnapshot, newestSnapshot, readSnapshot, type SnapshotId } from '../coordination/metadata/snapshot.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import type { Disk } from '../host/disk.ts'
import { DamageError } from '../log/damage.ts'
import { noSnapshot, type StateSnapshot } from './replica-log.ts'

export const metadataDirectory = `${metadataTopicName}-0`
const quorumStateFile = `${metadataDirectory}/quorum-state`

export interface MetadataFacts {
  readonly snapshot: StateSnapshot
  /** The latest epoch that the files speak of; what is appended may not be of an older one. */
  readonly leaderEpoch: number
}

/** Throws DamageError when a file is damaged, or not there. */
export function readMetadataDirectory(disk: Disk): MetadataFacts {
  const names = disk.list(metadataDirectory)
  if (names.length === 0) assertNoPartitions(disk)
  const id = newestSnapshot(names)
  const snapshot = id === null ? noSnapshot : { endOffset: id.endOffset, records: () => recordsOf(disk, id) }
  const quorumEpoch = names.includes('quorum-state') ? readQuorumEpoch(disk) : 0
  return { snapshot, leaderEpoch: Math.max(quorumEpoch, id?.epoch ?? 0) }
}

/** Without the metadata every partition would belong to no topic. Kafka may keep it elsewhere (metadata.log.dir). */
function assertNoPartitions(disk: Disk): void {
  const partition = disk.list('').find((name) => /-\d+$/.test(name) && disk.exists(`${name}/partition.metadata`))
  if (partition === undefined) return
  const what = `It is not there, and there are records (${partition}), of which it says what they belong to.`
  const advice = "Nothing was changed. Restore it, or put it here from where Apache Kafka's metadata.log.dir has it."
  throw new DamageError(disk, { path: metadataDirectory, position: null, what, advice })
}

/** The log must go on where the snapshot ends. Throws DamageError when records between the two are missing. */
export function assertNothingMissing(
  disk: Disk,
  snapshot: StateSnapshot,
  log: { readonly logStartOffset: number; readonly logEndOffset: number }
): void {
  const { endOffset } = snapshot
  if (log.logStartOffset <= endOffset && endOffset <= log.logEndOffset) return
  const what = `Its newest snapshot ends at offset ${endOffset}, and its log holds ${log.logStartOffset} to ${log.logEndOffset}: records are gone.`
  const advice = 'Nothing was changed. Restore the directory from a backup.'
  throw new DamageError(disk, { path: metadataDirectory, position: null, what, advice })
}

function recordsOf(disk: Disk, id: SnapshotId): StateRecord[] {
  const path = `${metadataDirectory}/${id.name}`
  try {
    return readSnapshot(disk.readFile(path), id)
  } catch (error) {
    if (!(error instanceof DamagedSnapshot)) throw error
    const what = `It is no whole snapshot: ${error.message}.`
    const advice =
      'It stands for all that the cluster knows up to its offset. Nothing was changed. Restore the file from a backup; if there ' +
      'is an older .checkpoint beside it from which the log goes on, moving this one away does no harm.'
    throw new DamageError(disk, { path, position: error.position, what, advice })
  }
}

/** Kafka: FileQuorumStateStore, a line of JSON. */
function readQuorumEpoch(disk: Disk): number {
  const text = disk.readFile(quorumStateFile).toString('utf8')
  const [, digits] = /"leaderEpoch"\s*:\s*(\d+)/.exec(text) ?? []
  if (digits !== undefined && Number.isSafeInteger(Number(digits))) return Number(digits)
  const what = 'It does not say its leaderEpoch.'
  const advice = 'Nothing was changed. Restore the file from a backup, or remove it: Apache Kafka makes it anew.'
  throw new DamageError(disk, { path: quorumStateFile, position: null, what, advice })
}
