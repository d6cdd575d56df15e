/** The batches of one file of records, each with its bytes; reading alone. */
import type { ReadableDisk } from '../host/readable-disk.ts'
import { type Obstacle, type WholeBatch, walkBatches } from '../log/batch-walk.ts'
import { anyOffset, type Gaps } from '../log/continuity.ts'
import { fileSuffix, offsetOfFile } from '../log/file-names.ts'

export interface WalkedSegment {
  readonly path: string
  /** Of the first batch that may stand in the file. */
  readonly baseOffset: number
  readonly gaps: Gaps
}

/** Gives what stands in the way of the rest of the file; null when the walk came to its end. Throws DiskError. */
export function* batchesOf(disk: ReadableDisk, segment: WalkedSegment): Generator<WholeBatch, Obstacle | null> {
  const { path, baseOffset, gaps } = segment
  const file = disk.open(path, 'existing')
  try {
    const walked = {
      ...{ baseOffset, gaps },
      writtenBytes: file.sizeBytes,
      read: file.read.bind(file)
    }
    return yield* walkBatches(walked, { position: 0, nextOffset: gaps === 'none' ? baseOffset : anyOffset })
  } finally {
    file.close()
  }
}

/** The base offsets of the segments in a directory, growing. */
export function segmentsAmong(names: readonly string[]): number[] {
  return names.map((name) => offsetOfFile(name, fileSuffix.log)).filter((offset) => offset !== null)
}
