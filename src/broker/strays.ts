/**
 * Directories of partitions that no topic claims: what a deletion left when the process was killed in its middle. They are
 * renamed, not removed, as Kafka does with strays: data is never thrown away on a guess.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { type Chance, randomUuid } from '../host/chance.ts'
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

/**
 * Removes what a deletion had renamed already, and sets aside what belongs to no topic. The directories come in any order: one
 * that was deleted may be met before or behind what has taken its name. Throws DiskError.
 */
export function setStraysAside(facts: StrayFacts): void {
  const { host, image, wasSynced } = facts
  const { disk } = host
  for (const name of disk.list('')) {
    const deleted = setAsideFrom(name)
    if (deleted !== null) {
      settleDeletion(facts, name, deleted)
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
    setAside(facts, name)
  }
}

function setAside({ host: { disk, chance }, onSetAside, log }: StrayFacts, name: string): void {
  const aside = strayName(name, chance)
  disk.rename(name, aside)
  onSetAside(name)
  log(`${disk.location}/${name} belongs to no topic, and was set aside as ${aside}. It is not served.`)
}

/**
 * A deletion that was not safe when the machine stopped may never have been: then its records are there again, and what has its
 * name by now is of a later topic that nobody was told of. Nothing of a topic that is in the image is ever removed. Where nothing
 * is in its place, what the checkpoints say is of the one that was deleted: a Kafka that is killed has its next topic of the name
 * in the metadata before it makes the directory.
 */
function settleDeletion(facts: StrayFacts, name: string, from: SetAsideFrom): void {
  const { disk } = facts.host
  const topic = from.topicId === null ? undefined : facts.image.topicById(from.topicId)
  const directory = `${topic?.name ?? from.topic}-${from.partition}`
  const isInPlace = disk.exists(directory)
  if (topic?.partitions[from.partition] === undefined) {
    disk.remove(name)
    if (!isInPlace) facts.onSetAside(directory)
    return
  }
  if (isInPlace) setAside(facts, directory)
  disk.rename(name, directory)
}

/** What a directory that belongs to no topic is called from now on. */
export function strayName(name: string, chance: Chance): string {
  return withEnding(name, `.${randomUuid(chance)}-stray`)
}
