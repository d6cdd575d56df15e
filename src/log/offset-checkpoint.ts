/**
 * Kafka's checkpoint files: an offset for each partition of a directory, as text (Kafka: OffsetCheckpointFile).
 * Line 1 the version, line 2 the count, then 'topic partition offset' for each.
 */
import type { Disk } from '../host/disk.ts'

const version = '0'

/** Offsets under 'topic-partition'. A file that is missing or makes no sense is as good as empty: recovery then reads more. */
export function readOffsetCheckpoint(disk: Disk, path: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>()
  if (!disk.exists(path)) return offsets
  const [head, , ...lines] = disk.readFile(path).toString('utf8').split('\n')
  if (head !== version) return offsets
  for (const line of lines) {
    const [topic, partition, offset] = line.split(' ')
    if (topic === undefined || partition === undefined || offset === undefined) continue
    if (Number.isSafeInteger(Number(offset))) offsets.set(`${topic}-${partition}`, Number(offset))
  }
  return offsets
}

export function writeOffsetCheckpoint(disk: Disk, path: string, offsets: ReadonlyMap<string, number>): void {
  const lines = [version, String(offsets.size)]
  for (const [name, offset] of offsets) {
    const dash = name.lastIndexOf('-')
    lines.push(`${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}`)
  }
  disk.replaceFile(path, Buffer.from(`${lines.join('\n')}\n`))
}
