/**
 * Whether the metadata log has lost what it held. A log that ends on the border of a batch, is empty, or was made anew looks whole by
 * itself; but the brokers' directories tell of topics. (Kafka takes them for strays, without a word of the metadata.)
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import type { Disk } from '../host/disk.ts'
import { DamageError } from '../log/damage.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { DataDirectory } from './data-directory.ts'
import { metadataDirectory } from './metadata-directory.ts'

/**
 * Every topic would be a stray. A topic that was about to be made when its broker was killed has a directory, and no records; one that
 * was deleted is known by that, unless a snapshot stands for the records that told it. Throws DamageError.
 */
export function assertKnowsTopics(
  { image, hasSnapshot, disk }: { readonly image: ClusterImage; readonly hasSnapshot: boolean; readonly disk: Disk },
  brokers: readonly Disk[]
): void {
  if (hasSnapshot || image.hasKnownTopics) return
  for (const broker of brokers) {
    const name = broker.list('').find((found) => hasRecordsOfATopic(broker, found))
    if (name === undefined) continue
    const what = `It knows of no topic, and there are records (${broker.location}/${name}): it was emptied, or made anew.`
    const advice =
      'Nothing was changed, as all topics would be taken for strays. Restore it from a backup; or choose an empty directory.'
    throw new DamageError(disk, { path: metadataDirectory, position: null, what, advice })
  }
}

/** Whether the directory says of which topic it is, and has records. */
export function hasRecordsOfATopic(disk: Disk, name: string): boolean {
  const [, topic] = /^(.+)-\d+$/.exec(name) ?? []
  if (topic === undefined || topic === metadataTopicName) return false
  return PartitionLog.topicIdOf(disk, name) !== null && recordBytes(disk, name) > 0
}

/** Of all segments of the log in a directory. Throws DiskError. */
export function recordBytes(disk: Disk, name: string): number {
  const files = disk.list(name).filter((file) => file.endsWith('.log'))
  return files.reduce((sum, file) => sum + (disk.sizeOf(`${name}/${file}`) ?? 0), 0)
}

/** Nothing is made here where a controller was, and is no more. Throws DamageError. */
export function assertControllerIsThere(controller: Disk, brokers: readonly Disk[]): void {
  const known = DataDirectory.hasOwner(controller)
    ? undefined
    : brokers.find((broker) => DataDirectory.hasOwner(broker))
  if (known === undefined) return
  const what = `It is not there, and the directory of a broker is (${known.location}): that of their controller was removed or renamed.`
  const advice = `Nothing was changed. It holds which topics there are: put ${controller.location} back, or restore all directories from a backup; or choose an empty one.`
  throw new DamageError(controller, { path: 'meta.properties', position: null, what, advice })
}
