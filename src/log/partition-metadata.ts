/**
 * Whose a directory is: `partition.metadata` names the topic by id (Kafka: PartitionMetadataFile), so that a topic that has
 * an old name does not take an old directory for its own.
 */
import type { Disk } from '../host/disk.ts'
import { writeNewFile } from '../host/new-file.ts'
import { DamageError, damageMessage, restoreAdvice } from './damage.ts'

export const partitionMetadataFile = 'partition.metadata'

export interface OwnedDirectory {
  readonly disk: Disk
  readonly directory: string
  readonly topicId: string
  /** Gets a line when the file was made anew. */
  readonly report: (line: string) => void
}

/** Null when there is no such file, or none that says it. */
export function readTopicId(disk: Pick<Disk, 'exists' | 'readFile'>, directory: string): string | null {
  const path = `${directory}/${partitionMetadataFile}`
  if (!disk.exists(path)) return null
  return /^version: 0\ntopic_id: ([\w-]{22})\n?$/.exec(disk.readFile(path).toString('utf8'))?.[1] ?? null
}

/**
 * The directory is this topic's when it says so; one that does not say is taken, as its name is the topic's, and says so from
 * now on. Throws DamageError when it says that it is another's.
 */
export function assertOwned(names: readonly string[], { disk, directory, topicId, report }: OwnedDirectory): void {
  const path = `${directory}/${partitionMetadataFile}`
  const owner = names.includes(partitionMetadataFile) ? readTopicId(disk, directory) : null
  if (owner === topicId) return
  if (owner !== null) {
    const what = `It names the topic ${owner}, and the cluster metadata has ${topicId} here.`
    throw new DamageError(disk, { path, position: null, what, advice: restoreAdvice(path) })
  }
  disk.createDirectory(directory)
  writeNewFile(disk, path, Buffer.from(`version: 0\ntopic_id: ${topicId}\n`))
  if (names.length === 0) return
  const what = 'It does not say which topic the directory belongs to.'
  const advice = 'It was made anew from the cluster metadata; nothing is lost.'
  report(damageMessage(disk, { path, position: null, what, advice }))
}

/**
 * A power cut may take the directory of a log to which nothing was written yet, also after a clean stop: nothing in it was synced.
 * It is never missing when records of it were, nor when a clean stop did not know of it. Throws DamageError.
 */
export function assertMayBeMissing({
  disk,
  directory,
  recoveryPoint,
  shutdown,
  report
}: Omit<OwnedDirectory, 'topicId'> & {
  readonly recoveryPoint: number | null
  readonly shutdown: 'clean' | 'unclean'
}): void {
  const damage = { path: directory, position: null }
  if ((recoveryPoint ?? (shutdown === 'clean' ? 1 : 0)) > 0) {
    const what = 'The directory of the partition is not there, or empty.'
    throw new DamageError(disk, { ...damage, what, advice: restoreAdvice(directory) })
  }
  const what = 'The directory of the partition is not there; none of its records was known to be synced.'
  report(damageMessage(disk, { ...damage, what, advice: 'It was made anew, empty.' }))
}
