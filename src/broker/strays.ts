/**
 * Directories of partitions that are not to be here: what a deletion left when the process was killed in its middle, and what was
 * reassigned while this broker was away. They are renamed, not removed, as Kafka does with strays: data is never thrown away on a guess.
 */
import type { ClusterImage, TopicImage } from '../coordination/metadata/image.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { type Chance, randomUuid } from '../host/chance.ts'
import { type Disk, DiskError, mayPass } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { type SetAsideFrom, setAsideFrom, withEnding } from '../log/deleted-directory.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { hasRecordsOfATopic, recordBytes } from './lost-metadata.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { isNeeded } from './replica-opening.ts'

export interface StrayFacts {
  readonly host: Host
  readonly image: ClusterImage
  readonly nodeId: number
  /** Whether the directory of a partition was synced, so that one that speaks of another topic is damage and no stray. */
  readonly wasSynced: (name: string) => boolean
  /** What the checkpoints say of this directory is of another topic than the one that may have the name now. */
  readonly onSetAside: (name: string) => void
  /** Gets a line for each. */
  readonly log: (line: string) => void
}

/**
 * Removes what a deletion had renamed already, and sets aside what is of no partition that this broker has. The directories come in any order: one
 * that was deleted may be met before or behind what has taken its name. Throws DiskError.
 */
export function setStraysAside(facts: StrayFacts): void {
  const { host, image, nodeId, wasSynced } = facts
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
    const owner = ownerOf(disk, name)
    // Opening its log meets the same disk, which takes that one partition offline.
    if (owner === undefined) continue
    const isClaimed = isHere(claimedBy, Number(partition), nodeId)
    // The topic's own directory was synced: that this one speaks of another is damage, which opening it tells.
    const isDeleted = owner !== null && image.wasRemoved(owner)
    if (isClaimed && (owner === null || owner === claimedBy?.id || (wasSynced(name) && !isDeleted))) continue
    if (owner === null && !disk.exists(`${name}/partition.metadata`)) continue
    setAside(facts, name, reason(facts, name, owner))
  }
  takeBack(facts)
}

/**
 * What was set aside while the metadata did not know it, and is known again: a later copy of the metadata was put back, or names that were
 * swapped are told by what the directories say of themselves. Where nothing is in its place it would be made anew, empty, and give offsets
 * again that were acknowledged. Where others have everything it is filled by them.
 */
function takeBack({ host: { disk }, image, nodeId, log }: StrayFacts): void {
  const found = new Map<string, { readonly name: string; readonly bytes: number }>()
  for (const name of disk.list('')) {
    const number = partitionOfStray(name)
    const owner = number === null ? null : ownerOf(disk, name)
    const topic = owner === null || owner === undefined ? undefined : image.topicById(owner)
    const partition = topic?.partitions[number ?? -1]
    if (topic === undefined || partition === undefined || !isNeeded(partition, nodeId)) continue
    const directory = `${topic.name}-${partition.partitionId}`
    if (disk.exists(directory)) continue
    const bytes = recordBytes(disk, name)
    if (bytes > (found.get(directory)?.bytes ?? 0)) found.set(directory, { name, bytes })
  }
  for (const [directory, { name }] of found) {
    disk.rename(name, directory)
    log(`${disk.location}/${name} is of a partition that the metadata knows again, and was put back as ${directory}.`)
  }
}

function isHere(topic: TopicImage | undefined, partition: number, nodeId: number): boolean {
  return topic?.partitions[partition]?.replicas.includes(nodeId) === true
}

/** Why a directory is not to be here, and what follows from that for whoever expected it to be. Throws DiskError. */
function reason({ image, host: { disk } }: StrayFacts, name: string, owner: string | null): Reason {
  const topic = owner === null ? undefined : image.topicById(owner)
  const ofUnheard = (): string => (hasRecordsOfATopic(disk, name) ? unheardOf : '')
  if (topic === undefined) {
    const wasDeleted = owner === null || image.wasRemoved(owner)
    return { why: 'belongs to no topic', advice: wasDeleted ? '' : ofUnheard() }
  }
  const [, ofTopic, number] = /^(.+)-(\d+)$/.exec(name) ?? []
  const replicas = ofTopic === topic.name ? topic.partitions[Number(number)]?.replicas : undefined
  if (ofTopic === topic.name && replicas === undefined)
    return { why: `is of a partition of ${topic.name} that the metadata does not know`, advice: ofUnheard() }
  if (replicas !== undefined)
    return { why: `was moved to other brokers (${replicas.join(', ')}) while this one was away`, advice: '' }
  const advice = ` Give it the name that it had, ${topic.name}- and the number of its partition.`
  return { why: `says that it is of the topic ${topic.name}, and is not named as one of its partitions`, advice }
}

interface Reason {
  readonly why: string
  readonly advice: string
}

/** The topic that a directory says it is of; null when it says none, undefined when that cannot be read. Throws DiskError that may pass. */
function ownerOf(disk: Disk, name: string): string | null | undefined {
  try {
    return PartitionLog.topicIdOf(disk, name)
  } catch (error) {
    if (!(error instanceof DiskError) || mayPass(error)) throw error
    return undefined
  }
}

/** A topic that was deleted while this broker was away, and is known no more; or the metadata log has lost its end. */
const unheardOf = ` It has records, and the metadata knows nothing of it: where it was never deleted, the metadata has lost records. Restore ${metadataDirectory} from a backup then: the next start puts the directory back.`

function setAside(
  { host: { disk, chance }, onSetAside, log }: StrayFacts,
  name: string,
  { why, advice }: Reason
): void {
  const aside = strayName(name, chance)
  disk.rename(name, aside)
  onSetAside(name)
  log(`${disk.location}/${name} ${why}, and was set aside as ${aside}. It is not served.${advice}`)
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
  if (!isHere(topic, from.partition, facts.nodeId)) {
    disk.remove(name)
    if (!isInPlace) facts.onSetAside(directory)
    return
  }
  if (isInPlace)
    setAside(facts, directory, { why: 'is of a later topic of its name that the metadata does not know', advice: '' })
  disk.rename(name, directory)
}

/** Of a directory that was set aside, here or by Kafka; null for any other. */
function partitionOfStray(name: string): number | null {
  const [, partition] = /^.+-(\d+)\.[\w-]+-stray$/.exec(name) ?? []
  return partition === undefined ? null : Number(partition)
}

/** What a directory that is not to be here is called from now on. */
export function strayName(name: string, chance: Chance): string {
  return withEnding(name, `.${randomUuid(chance)}-stray`)
}
