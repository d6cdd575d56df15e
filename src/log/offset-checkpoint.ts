/**
 * Kafka's checkpoint files: an offset for each partition of a directory, as text (Kafka: OffsetCheckpointFile).
 * Line 1 the version, line 2 the count, then 'topic partition offset' for each.
 */
import type { Disk } from '../host/disk.ts'
import { replaceFileSoon } from '../host/new-file.ts'

const version = '0'

/**
 * Offsets under 'topic-partition'; null when the file makes no sense. One that is missing or empty says nothing: Kafka makes it
 * empty.
 */
export function readOffsetCheckpoint(
  disk: Pick<Disk, 'exists' | 'readFile'>,
  path: string
): ReadonlyMap<string, number> | null {
  const text = disk.exists(path) ? disk.readFile(path).toString('utf8') : ''
  const offsets = new Map<string, number>()
  if (text === '') return offsets
  const [head, count, ...lines] = text.replace(/\n$/, '').split('\n')
  if (head !== version || count !== String(lines.length)) return null
  for (const line of lines) {
    const [, topic, partition, digits] = /^([\w.-]+) (\d+) (\d+)$/.exec(line) ?? []
    const offset = Number(digits)
    if (topic === undefined || !Number.isSafeInteger(offset)) return null
    offsets.set(`${topic}-${partition}`, offset)
  }
  return offsets.size === lines.length ? offsets : null
}

/**
 * Resolves when it survives a power cut. Throws DiskError at once when the disk does not take the bytes, and rejects with one later; one
 * at a time for each path.
 */
export function writeOffsetCheckpoint(
  disk: Disk,
  path: string,
  offsets: ReadonlyMap<string, number>,
  isWanted: () => boolean
): Promise<void> {
  const lines = [version, String(offsets.size)]
  for (const [name, offset] of offsets) {
    const dash = name.lastIndexOf('-')
    lines.push(`${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}`)
  }
  return replaceFileSoon(disk, path, Buffer.from(`${lines.join('\n')}\n`), isWanted)
}
