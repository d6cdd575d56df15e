/**
 * What becomes of a log's directory when its topic is deleted: it gets another name, in one step, so that a crash leaves nothing
 * half, and is removed when the deletion is safe. Kafka has names of this form too (LogManager.asyncDelete).
 */
import type { Disk } from '../host/disk.ts'

/** Of the usual file systems (NAME_MAX); a directory of the longest topic name leaves no room for an ending. */
const nameMaxBytes = 255

export interface SetAsideFrom {
  /** Its name; the beginning of it when it is long. */
  readonly topic: string
  readonly partition: number
  /** Null for one that Kafka has set aside: it gives them names by chance. */
  readonly topicId: string | null
}

/** Gives the new name. Throws DiskError. */
export function setDirectoryAside(disk: Disk, directory: string, topicId: string): string {
  const aside = withEnding(directory, `.${topicId}-delete`)
  disk.rename(directory, aside)
  return aside
}

/** The log's name with this ending; the topic's name is cut where it would be too long (UnifiedLog.logDirNameWithSuffixCappedLength). */
export function withEnding(directory: string, ending: string): string {
  const dash = directory.lastIndexOf('-')
  const rest = `${directory.slice(dash)}${ending}`
  return directory.slice(0, Math.min(dash, nameMaxBytes - rest.length)) + rest
}

/** The log that a directory was set aside from, here or by Kafka; null for any other. */
export function setAsideFrom(name: string): SetAsideFrom | null {
  const [, topic, partition, id] = /^(.+)-(\d+)\.([\w-]{22}|[0-9a-f]{32})-delete$/.exec(name) ?? []
  if (topic === undefined || partition === undefined || id === undefined) return null
  return { topic, partition: Number(partition), topicId: id.length === 22 ? id : null }
}
