/**
 * Directories of partitions that no topic claims: what a deletion left when the process was killed in its middle. They are
 * renamed, not removed, as Kafka does with strays: data is never thrown away on a guess.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { type Chance, randomUuid } from '../host/chance.ts'
import type { Disk } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { type SetAsideFrom, setAsideFrom, withEnding } from '../log/deleted-directory.ts'
import { PartitionLog } from '../log/partition-log.ts'

export interface StrayFacts {
  readonly host: Host
  readonly image: ClusterImage
  /** Whether the directory of a partition was synced, so that one that speaks of another topic is damage and no stray. */
  readonly wasSynced: (name: string) => boolean
  /** What the checkpoints say of this directory is of another topic than the one that may have the name now. */
  readonly onSetAside: (name: string) => void
  /** Gets a line for each. */
  readonly log: (line: string) => void
}

/** Removes what a deletion had renamed already, and sets aside what belongs to no topic. Throws DiskError. */
export function setStraysAside({ host, image, wasSynced, onSetAside, log }: StrayFacts): void {
  const { disk, chance } = host
  for (const name of disk.list('')) {
    const deleted = setAsideFrom(name)
    if (deleted !== null) {
      const directory = settleDeletion(disk, image, name, deleted)
      if (directory !== null) onSetAside(directory)
      continue
    }
    const [, topic, partition] = /^(.+)-(\d+)$/.exec(name) ?? []
    if (topic === undefined || partition === undefined || topic === metadataTopicName) continue
    const claimedBy = image.topicByName(topic)
    const owner = PartitionLog.topicIdOf(disk, name)
    const isClaimed = claimedBy?.partitions[Number(partition)] !== undefined
    // The topic's own directory was synced: that this one speaks of another is damage, which opening it tells.
    const isDeleted = owner !== null && image.wasRemoved(owner)
    if (isClaimed && (owner === null || owner === claimedBy?.id || (wasSynced(name) && !isDeleted))) continue
    if (owner === null && !disk.exists(`${name}/partition.metadata`)) continue
    const aside = strayName(name, chance)
    disk.rename(name, aside)
    onSetAside(name)
    log(`${disk.location}/${name} belongs to no topic, and was set aside as ${aside}. It is not served.`)
  }
}

/**
 * A deletion that was not safe when the machine stopped may never have been: then its records are there again. Gives the
 * directory that was deleted, when nothing is in its place: what the checkpoints say of it is of that one. A Kafka that is killed
 * has its next topic of the name in the metadata before it makes the directory.
 */
function settleDeletion(disk: Disk, image: ClusterImage, name: string, from: SetAsideFrom): string | null {
  const topic = from.topicId === null ? undefined : image.topicById(from.topicId)
  const directory = `${topic?.name ?? from.topic}-${from.partition}`
  const isInPlace = disk.exists(directory)
  if (topic?.partitions[from.partition] !== undefined && !isInPlace) {
    disk.rename(name, directory)
    return null
  }
  disk.remove(name)
  return isInPlace ? null : directory
}

/** What a directory that belongs to no topic is called from now on. */
export function strayName(name: string, chance: Chance): string {
  return withEnding(name, `.${randomUuid(chance)}-stray`)
}
