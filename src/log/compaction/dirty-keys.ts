/**
 * The first look of a cleaner at a log: which offset is the newest of each key among the dirty records, of as many keys as the memory
 * holds (Kafka: Cleaner.buildOffsetMap). Records of transactions that were aborted do not count.
 */
import { isControl, lastOffsetOf } from '../../protocol/records/batch.ts'
import { KeyCursor } from '../../protocol/records/key-cursor.ts'
import type { WholeBatch } from '../batch-walk.ts'
import type { CleaningWalk, WalkedSegment } from './cleaning-walk.ts'
import { NewestPlaces } from './newest-places.ts'
import { OffsetMap, type OffsetMapSize } from './offset-map.ts'

export interface DirtyKeys {
  readonly newest: OffsetMap
  readonly places: NewestPlaces
  /** The last offset that was looked at: behind it there may be other keys. */
  readonly newestOffset: number
}

/** Given the segments that may be cleaned. Rejects as the walk does. */
export async function dirtyKeys(
  walk: CleaningWalk,
  segments: readonly WalkedSegment[],
  firstDirtyOffset: number,
  memory: Omit<OffsetMapSize, 'keysMax'>
): Promise<DirtyKeys> {
  const endOffset = segments.at(-1)?.endOffset ?? firstDirtyOffset
  const newest = new OffsetMap({ ...memory, keysMax: endOffset - firstDirtyOffset })
  const places = new NewestPlaces(firstDirtyOffset, endOffset)
  let newestOffset = firstDirtyOffset - 1
  for (const walked of segments) {
    if (walked.endOffset <= firstDirtyOffset) continue
    const { segment } = walked
    const start = segment.baseOffset < firstDirtyOffset ? segment.placeBefore(firstDirtyOffset) : segment.start
    const end = await walk.through(walked, start, (batch, isOver) => {
      const isOfKeys = !isOver && !isControl(batch.header.attributes)
      const fullAt = isOfKeys ? put({ newest, places }, batch, firstDirtyOffset) : null
      newestOffset = Math.max(newestOffset, fullAt === null ? lastOffsetOf(batch.header) : fullAt - 1)
      return fullAt === null ? 'go on' : 'enough'
    })
    if (end === 'enough') break
    // Compaction may have left no batch up to its end.
    newestOffset = walked.endOffset - 1
  }
  return { newest, places, newestOffset }
}

/** The offset of the first record that there is no room for; null when there is room for all. */
function put(
  { newest, places }: Pick<DirtyKeys, 'newest' | 'places'>,
  { bytes, header }: WholeBatch,
  firstDirtyOffset: number
): number | null {
  const record = new KeyCursor(bytes, header)
  while (record.next()) {
    if (record.keyStart < 0 || record.offset < firstDirtyOffset) continue
    const before = newest.put(record.records, record.keyStart, record.keyEnd, record.offset)
    if (before === null) return record.offset
    places.moved(before, record.offset)
  }
  return null
}
