/**
 * What a broker that was stopped in its middle leaves beside the segments of a log, and what becomes of it (Kafka: LogLoader).
 *
 * Compaction writes segments anew as `.cleaned`, syncs them, and renames them to `.swap`: from then on they stand for the
 * segments they were made of, which go, and `.swap` is taken off. `.cleaned` is therefore half-made, and `.swap` is finished:
 * the segments it replaces may be gone already. Renaming goes from the last segment to the first, so that a `.cleaned` before
 * a `.swap` says that not all of them were renamed, and that all they were made of is still there.
 */
import type { Disk } from '../host/disk.ts'
import { batchHeaderBytes, batchSizeAt, lastOffsetAt } from '../protocol/records/batch.ts'
import { DamageError, restoreAdvice } from './damage.ts'
import { fileSuffix, offsetOfFile } from './file-names.ts'
import { cleanedSuffix, segmentSuffixes, swapSuffix } from './segment-files.ts'

/**
 * Completes what was finished and removes what was not. Gives the names that are there afterwards, without those of segments that
 * were about to be removed: see `removeSetAside`. Throws DiskError.
 */
export function settleLeftovers(disk: Disk, directory: string, names: readonly string[]): readonly string[] {
  if (!names.some((name) => /\.(deleted|cleaned|swap|tmp)$/.test(name))) return names
  const remove = (name: string): void => disk.remove(`${directory}/${name}`)
  const swaps = finishedSwaps(names)
  const replaced = replacedBy(swaps, names, (log) => endOffsetOf(disk, directory, log))
  // First what was not finished: the `.cleaned` that says so must be there as long as it is.
  for (const name of names) if (name.endsWith(swapSuffix) && !swaps.includes(name)) remove(name)
  for (const name of names) if (/\.(cleaned|tmp)$/.test(name)) remove(name)
  for (const name of replaced) remove(name)
  for (const name of swaps) disk.rename(`${directory}/${name}`, `${directory}/${withoutSwap(name)}`)
  return disk.list(directory).filter((name) => !name.endsWith(fileSuffix.deleted))
}

/**
 * Removes the segments that were about to be removed. They are the trace of a beginning that has moved: it must have been written
 * down where the log begins now.
 */
export function removeSetAside(disk: Disk, directory: string, names: readonly string[]): void {
  for (const name of names) if (name.endsWith(fileSuffix.deleted)) disk.remove(`${directory}/${name}`)
}

/** Those that stand for what they were made of: none from the first that was not renamed on. */
function finishedSwaps(names: readonly string[]): string[] {
  const firstCleaned = Math.min(...names.filter((name) => name.endsWith(cleanedSuffix)).map(offsetIn))
  return names.filter((name) => name.endsWith(swapSuffix) && offsetIn(name) < firstCleaned)
}

/** The files of the segments that the swapped ones were made of: all that begin within what these hold. */
function replacedBy(
  swaps: readonly string[],
  names: readonly string[],
  endOffsetOfLog: (name: string) => number
): string[] {
  const logs = swaps.filter((name) => offsetOfFile(withoutSwap(name), fileSuffix.log) !== null)
  const start = Math.min(...logs.map(offsetIn))
  // Of one that has become empty at least what it is named after.
  const end = Math.max(...logs.map((log) => Math.max(endOffsetOfLog(log), offsetIn(log) + 1)))
  return names.filter((name) =>
    segmentSuffixes.some((suffix) => {
      const offset = offsetOfFile(name, suffix)
      return offset !== null && offset >= start && offset < end
    })
  )
}

function withoutSwap(name: string): string {
  return name.slice(0, -swapSuffix.length)
}

function offsetIn(name: string): number {
  return Number(name.slice(0, name.indexOf('.')))
}

/** The offset after the last batch of a finished segment. Throws DamageError when something that is no batch is in it. */
function endOffsetOf(disk: Disk, directory: string, name: string): number {
  const path = `${directory}/${name}`
  const file = disk.open(path, 'existing', 'within this turn')
  try {
    let endOffset = offsetIn(name)
    for (let position = 0; position < file.sizeBytes; ) {
      const header = file.read(position, batchHeaderBytes)
      const sizeBytes = header.length < batchHeaderBytes ? -1 : batchSizeAt(header, 0)
      if (sizeBytes < 0 || position + sizeBytes > file.sizeBytes) throw damaged(disk, path, position)
      endOffset = lastOffsetAt(header, 0) + 1
      position += sizeBytes
    }
    return endOffset
  } finally {
    file.close()
  }
}

function damaged(disk: Disk, path: string, position: number): DamageError {
  const what =
    'No whole batch begins here; a compaction had finished the file, and may have removed what it was made of.'
  return new DamageError(disk, { path, position, what, advice: restoreAdvice(path) })
}
